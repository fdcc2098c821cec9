"""A small made-up cluster, the checks of tests/ as functions, and an API server of the test's own."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kubecheck.cluster.reading import Reading
from selftest.unit.kubecheck.cluster.conftest import api, kubeconfig, server  # noqa: F401
from selftest.unit.kubecheck.conftest import make_facts, make_node, site_at  # noqa: F401

ROOT = Path(__file__).parents[3]
NOW = "2026-11-24T12:00:00+00:00"


@pytest.fixture(scope="session")
def checks():
    """Loads a module of checks: ``checks("controlplane", "test_leases")``."""

    def load(area, module):
        name = f"tests.{area}.{module}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / area / f"{module}.py")
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]

    return load


@pytest.fixture
def facts():
    """Two nodes with pod CIDRs and addresses of their own; what a test needs it puts there."""
    nodes = (
        replace(make_node("node1"), pod_cidrs=("10.244.1.0/24",), addresses=("192.168.232.1",)),
        replace(make_node("node2"), pod_cidrs=("10.244.2.0/24",), addresses=("192.168.232.2",)),
    )
    return replace(make_facts(("node1", "node2")), nodes=nodes, service_cidrs=Reading(("10.96.0.0/12",)))
