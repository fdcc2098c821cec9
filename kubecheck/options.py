"""kubecheck's options, and where pytest is told of them.

This module is the package's pytest entry point, so it is loaded by every pytest in the same
environment: it imports next to nothing of ours and does nothing where kubecheck is not wanted.
"""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kubecheck.environment import Environment, Repeated
from kubecheck.shard import WHOLE, Shard

if TYPE_CHECKING:
    import pytest


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the options known where pytest is about to read a conftest.py that asks for kubecheck's plugin.

    By then it must know them: else it takes the path in ``--kubeconfig ~/.kube/config`` for one of tests, and
    looks there for the conftest.py. To all other projects an option ``--policy`` is theirs.
    """
    config: pytest.Config = pluginmanager.get_plugin("pytestconfig")  # type: ignore[assignment]
    typed = config.invocation_params
    if _asked_for(typed.dir / path for path in ("", *typed.args)):
        pluginmanager.import_plugin("kubecheck.commandline")


def _asked_for(paths: Iterable[Path]) -> bool:
    """Whether a conftest.py beside or above a path asks for the plugin, as that of a checkout does."""
    for folder in {folder for path in paths for folder in (path, *path.parents)}:
        with contextlib.suppress(OSError):  # most have none
            if b"kubecheck.plugin" in (folder / "conftest.py").read_bytes():
                return True
    return False


def duration(text: str) -> float:
    """Seconds of a time as kubectl takes it: ``90s``, ``10m``, ``1h30m``, or plain seconds."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    together = 3600 * hours + 60 * minutes + seconds
    if not together:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 90s, 10m or 1h30m")
    return float(together)


def shard(text: str) -> Shard:
    """A share of the nodes, ``2/4``."""
    try:
        return Shard.parse(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def run_id(text: str) -> str:
    """An id that can be part of the name of a namespace."""
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no id: use up to 40 lower-case letters, digits and dashes, neither end a dash"
        )
    return text


def declare_connection(group: Environment) -> None:
    """Add the options that say which cluster it is, and as whom it is asked: kubectl's own."""
    group.addoption(
        "--kubeconfig", metavar="FILE", help="kubeconfig of the cluster (default: as kubectl finds one)"
    )
    group.addoption("--context", metavar="NAME", help="context of the kubeconfig to use")
    group.addoption("--as", dest="as_user", metavar="USER", help="act as this user, by impersonation")
    group.addoption(
        "--as-group",
        action=Repeated,
        default=[],
        metavar="GROUP",
        help="with --as: act as a member of this group; may be repeated",
    )


def declare_reports(group: Environment) -> None:
    """Add the option that says where the reports go."""
    group.addoption(
        "--reports",
        metavar="DIR",
        default="reports",
        help="folder for verdict.json, record.json, junit.xml, allure-results (default: reports)",
    )


def declare(group: Environment) -> None:
    """Add all of kubecheck's options, named as kubectl names them where it has them."""
    declare_connection(group)
    group.addoption(
        "--policy",
        metavar="FILE",
        help="what the cluster promises: a TOML file, or a profile (default, runbook)",
    )
    group.addoption(
        "--node-access",
        action="store_true",
        help="let probe pods read the nodes' files: for the checks of disks, of the container runtime's"
        " configuration and of the kubelets' flags",
    )
    group.addoption(
        "--no-probes",
        action="store_true",
        help="create nothing in the cluster: judge only what the API server tells, without probe pods",
    )
    group.addoption(
        "--deadline",
        metavar="TIME",
        type=duration,
        help="tell what is known after this time, such as 90s or 10m, and give up the rest (default: none)",
    )
    group.addoption(
        "--shard",
        metavar="I/N",
        type=shard,
        default=WHOLE,
        help="judge the I-th of N shares of the nodes; the N runs are given the same --run, share their probe"
        " pods, and `kubecheck merge` joins their records",
    )
    group.addoption(
        "--run",
        metavar="ID",
        type=run_id,
        help="the run's id, a new one each time, by which the shards of one run find each other",
    )
    group.addoption(
        "--replay", metavar="FILE", help="judge the record.json of an earlier run again, without any cluster"
    )
    group.addoption(
        "--compare-with",
        metavar="FILE",
        help="verdict.json of an earlier run, to tell what became different since (default: the one in the"
        " folder of the reports, if it is of this cluster)",
    )
    declare_reports(group)
    group.addoption(
        "--metrics-file",
        metavar="FILE",
        help="also write the verdict as OpenMetrics text, for node_exporter's textfile collector"
        " (FILE must end in .prom for it)",
    )
