"""The command line."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add kubecheck's options, named as kubectl names them where it has them."""
    group = parser.getgroup("kubecheck", "kubecheck: the cluster to judge")
    group.addoption(
        "--kubeconfig", metavar="FILE", help="kubeconfig of the cluster (default: as kubectl finds one)"
    )
    group.addoption("--context", metavar="NAME", help="context of the kubeconfig to use")
    group.addoption(
        "--policy",
        metavar="FILE",
        help="what the cluster promises: a TOML file, or a profile (default, runbook)",
    )
    group.addoption(
        "--replay", metavar="FILE", help="judge the record.json of an earlier run again, without any cluster"
    )
    group.addoption(
        "--reports",
        metavar="DIR",
        default="reports",
        help="folder for verdict.json, record.json, junit.xml, allure-results (default: reports)",
    )
