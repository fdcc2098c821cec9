"""Certificates and bootstrapping: each break shows in the check that is for it, and names who is to blame."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]
CHECKS = "tests/certs"


def failed(run: Run) -> dict[str, dict[str, str]]:
    """Messages of what failed, by check and vantage; nothing may be unknown for another reason."""
    found: dict[str, dict[str, str]] = {}
    for each in run.verdict["checks"]:
        if each["outcome"] == "failed":
            found.setdefault(each["id"], {})[each["vantage"]] = each["message"]
    return found


@pytest.fixture
def weak_kubelet(lab: Lab, api: client.ApiClient) -> Iterator[str]:
    """A kubelet without tlsCipherSuites, so that it takes what Go takes by default."""
    node = lab.nodes[-1]
    path = lab.machine(node).root / "etc/kubernetes/kubelet-conf.yml"
    before = path.read_text()
    healthy = f"/api/v1/nodes/{node}/proxy/healthz"

    def answers() -> bool:
        try:
            return bool(api.call_api("GET", api.configuration.host + healthy).read() == b"ok")
        except client.ApiException:
            return False

    def restart(text: str) -> None:
        path.write_text(text)
        lab.stop(node, "kubelet")
        lab.start(node, "kubelet")
        until(answers, f"the kubelet of {node} answers")

    restart(json.dumps({key: value for key, value in json.loads(before).items() if key != "tlsCipherSuites"}))
    yield node
    restart(before)


def test_kubelet_that_takes_weak_suites(kubecheck: Kubecheck, weak_kubelet: str) -> None:
    run = kubecheck("-k", "suite")
    assert run.code == 1, run.output
    found = failed(run)
    assert set(found) == {"certs.kubelet_refuses_weak_suites", "certs.kubelet_suites_configured"}
    refuses = found["certs.kubelet_refuses_weak_suites"]
    assert set(refuses) == {f"node:{weak_kubelet}"}
    message = refuses[f"node:{weak_kubelet}"]
    assert "10250 offering weak suites only" in message
    assert "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" in message
    assert set(found["certs.kubelet_suites_configured"]) == {f"api:{weak_kubelet}"}


@pytest.fixture
def useless_token(api: client.ApiClient) -> Iterator[None]:
    """The bootstrap token may not authenticate any more."""
    core = client.CoreV1Api(api)
    secrets = core.list_namespaced_secret(
        "kube-system", field_selector="type=bootstrap.kubernetes.io/token"
    ).items
    names = [secret.metadata.name for secret in secrets]
    assert names

    def allow(text: str) -> None:
        for name in names:
            body = {"stringData": {"usage-bootstrap-authentication": text}}
            core.patch_namespaced_secret(name, "kube-system", body)

    allow("false")
    yield
    allow("true")


@pytest.mark.usefixtures("useless_token")
def test_no_usable_token(kubecheck: Kubecheck, lab: Lab, tmp_path: Path) -> None:
    found = failed(kubecheck(f"{CHECKS}/test_bootstrap.py"))
    assert "usage-bootstrap-authentication is not true" in found["certs.bootstrap_token_usable"]["api"]
    # Where nobody asked for a token, having none is no fault.
    lenient = tmp_path / "lenient.toml"
    lenient.write_text(lab.policy.read_text() + "\n[certificates]\nbootstrap_token = false\n")
    run = kubecheck(f"{CHECKS}/test_bootstrap.py", "--policy", str(lenient))
    assert run.code == 0, run.output
    assert ("certs.bootstrap_token_usable", "api") in run.with_outcome("not-applicable")
