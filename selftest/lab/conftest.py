"""The lab for tests that need a real cluster, and kubecheck run against it as a person runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from kubernetes import client, config

from kubecheck.report.schema_files import schema
from lab.building import build_kubernetes
from lab.handle import Lab
from lab.progress import Progress
from selftest.running import ROOT, command_line

NAMED = os.environ.get("KUBECHECK_SELFTEST_LAB", "")  # a lab that is up already, and stays up


@dataclass(frozen=True)
class Run:
    """A finished run of kubecheck."""

    code: int
    output: str
    verdict: dict[str, Any]
    reports: Path

    @property
    def outcomes(self) -> dict[tuple[str, str], str]:
        """Outcome by check and vantage."""
        return {(c["id"], c["vantage"]): c["outcome"] for c in self.verdict["checks"]}

    def with_outcome(self, outcome: str) -> set[tuple[str, str]]:
        """Check and vantage of every result with that outcome."""
        return {key for key, found in self.outcomes.items() if found == outcome}


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The runbook's five nodes: brought up for these tests, unless one was named."""
    name = NAMED or "selftest"
    if not NAMED:
        subprocess.run([sys.executable, "-m", "lab", "up", "--name", name], cwd=ROOT, check=True)
    try:
        yield Lab.load(name)
    finally:
        if not NAMED:
            subprocess.run([sys.executable, "-m", "lab", "down", "--name", name], cwd=ROOT, check=True)


def started(
    lab: Lab, reports: Path, *options: str, kubeconfig: Path | None = None
) -> "subprocess.Popen[str]":
    """A run of kubecheck against the lab, under way."""
    return subprocess.Popen(
        command_line(kubeconfig or lab.kubeconfig, lab.policy, reports, *options),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[str]", reports: Path) -> Run:
    """What came of it, once it has ended."""
    output, _ = process.communicate(timeout=300)
    written = reports / "verdict.json"
    verdict = json.loads(written.read_text()) if written.exists() else {}
    if verdict:
        jsonschema.validate(verdict, schema())
        assert verdict["exit_code"] == process.returncode
    return Run(process.returncode, output, verdict, reports)


@pytest.fixture
def start(lab: Lab, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start kubecheck against the lab, with more options."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*options: str, kubeconfig: Path | None = None) -> "subprocess.Popen[str]":
        processes.append(started(lab, tmp_path / "reports", *options, kubeconfig=kubeconfig))
        return processes[-1]

    yield begin
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


@pytest.fixture
def kubecheck(start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path) -> Callable[..., Run]:
    """Run kubecheck against the lab to its end."""
    reports = tmp_path / "reports"

    def run(*options: str, kubeconfig: Path | None = None) -> Run:
        # An earlier run's must not be taken for this one's.
        (reports / "verdict.json").unlink(missing_ok=True)
        return ended(start(*options, kubeconfig=kubeconfig), reports)

    return run


@pytest.fixture(scope="session")
def healthy(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of everything against the lab as it came up, to compare others to."""
    reports = tmp_path_factory.mktemp("healthy")
    run = ended(started(lab, reports), reports)
    assert run.code == 0, run.output
    return run


def write_kubeconfig(lab: Lab, path: Path, user: dict[str, Any] | None = None, **cluster: str) -> Path:
    """The administrator's kubeconfig at ``path``, with another user, and a cluster that says more."""
    body = yaml.safe_load(lab.kubeconfig.read_text())
    body["clusters"][0]["cluster"] |= {key.replace("_", "-"): text for key, text in cluster.items()}
    if user:
        body["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(body))
    return path


@pytest.fixture(scope="session")
def api(lab: Lab) -> client.ApiClient:
    """The cluster's API, as its administrator."""
    return config.new_client_from_config(str(lab.kubeconfig))


@pytest.fixture(scope="session")
def kubectl(lab: Lab) -> Callable[..., str]:
    """The lab's own kubectl as the administrator; it must succeed. What it prints."""
    program = build_kubernetes(lab.settings.kubernetes, Progress())

    def run(*arguments: str) -> str:
        command = [str(program), "kubectl", "--kubeconfig", str(lab.kubeconfig), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def leftovers(api: client.ApiClient) -> Callable[[], list[str]]:
    """Names of namespaces that kubecheck has made and that still stand."""

    def names() -> list[str]:
        found = client.CoreV1Api(api).list_namespace(label_selector="app.kubernetes.io/managed-by=kubecheck")
        return [item.metadata.name for item in found.items]

    return names


def until(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until ``holds``; fail saying ``what`` did not come about."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"after {seconds:.0f} s still not so: {what}"
        time.sleep(0.2)
