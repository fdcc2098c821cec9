"""How runs end: without a verdict, stopped half way, and always with nothing left behind."""

import base64
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until, write_kubeconfig

NO_VERDICT = 11


@pytest.fixture
def powerless(lab: Lab, api: client.ApiClient, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of a service account without any rights."""
    core = client.CoreV1Api(api)
    name = "kubecheck-powerless"
    core.create_namespaced_service_account("default", {"metadata": {"name": name}})
    request = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600)
    )
    token = core.create_namespaced_service_account_token(name, "default", request).status.token
    yield write_kubeconfig(lab, tmp_path / "powerless.yaml", {"token": token})
    core.delete_namespaced_service_account(name, "default")


def no_verdict(run: Run) -> str:
    """The sentence of a run that could not begin, which must be all that it says."""
    assert run.code == NO_VERDICT, run.output
    assert "Traceback" not in run.output
    last = run.output.rstrip().splitlines()[-1]
    assert last.startswith("verdict: NO VERDICT (")
    return last


def test_credentials_without_rights(
    kubecheck: Callable[..., Run], powerless: Path, leftovers: Callable[[], list[str]]
) -> None:
    said = no_verdict(kubecheck(kubeconfig=powerless))
    assert "(403)" in said
    assert 'cannot list resource "nodes"' in said
    assert leftovers() == []


def test_credentials_that_are_not_accepted(kubecheck: Callable[..., Run], powerless: Path) -> None:
    config = yaml.safe_load(powerless.read_text())
    config["users"][0]["user"] = {"token": base64.b64encode(os.urandom(12)).decode()}
    powerless.write_text(yaml.safe_dump(config))
    assert "(401)" in no_verdict(kubecheck(kubeconfig=powerless))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "does not exist"),
        ("{: not yaml", "is not YAML"),
        ("just text", "names no cluster"),
        (
            (
                "{current-context: a, clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}],"
                " users: [{name: a, user: {token: x}}],"
                " contexts: [{name: a, context: {cluster: a, user: a}}]}"
            ),
            "connection refused",
        ),
    ],
)
def test_kubeconfigs_that_lead_nowhere(
    kubecheck: Callable[..., Run], tmp_path: Path, content: str | None, expected: str
) -> None:
    path = tmp_path / "kubeconfig.yaml"
    if content is not None:
        path.write_text(content)
    assert expected in no_verdict(kubecheck(kubeconfig=path))


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_sigterm_half_way_leaves_nothing(
    start: Callable[..., "subprocess.Popen[str]"],
    leftovers: Callable[[], list[str]],
    options: tuple[str, ...],
) -> None:
    process = start(*options)
    until(lambda: len(leftovers()) == 3 or process.poll() is not None, "the run has created its namespaces")
    assert process.poll() is None, process.communicate()[0]
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 2, output
    assert "verdict: UNDECIDED (stopped before its end" in output
    assert leftovers() == []
