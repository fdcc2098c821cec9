"""No secret of the cluster or of the kubeconfig leaves a run, however much it is asked to tell."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, write_kubeconfig

NAME = "kubecheck-selftest-secrets"
LOUD = ("-vv", "-l", "--tb=long", "--full-trace", "--log-level=DEBUG", "--log-cli-level=DEBUG")
SHORT = 8  # bytes; fewer are words that stand anywhere
PUBLIC = {"auth-extra-groups", "description", "expiration", "pub", "ca.crt", "namespace"}
# Whatever nobody put into a Secret: tokens that the run itself asks for, and private keys that it makes.
UNKNOWN = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]+|PRIVATE KEY-----|[Bb]earer [\w.-]{16,}")
PROVOKED = {
    "a login to the dashboard": ("kubecheck.cluster.dashboard", "_refused_by_dashboard", "dashboard"),
    "a node's joining": ("kubecheck.fleet.rehearsal", "_settled", "rehears or bootstrap"),
    "every request": ("urllib3.connectionpool", "HTTPConnectionPool._make_request", "dashboard"),
}


@pytest.fixture(scope="module")
def kubeconfig(
    lab: Lab, api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """A kubeconfig with an administrator's token, and the token; beside its account lies a pull secret."""
    core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
    named = {"metadata": {"name": NAME}}
    core.create_namespace(named)
    try:
        core.create_namespaced_service_account(NAME, named)
        subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAME}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        rbac.create_cluster_role_binding({**named, "roleRef": role, "subjects": [subject]})
        pull = json.dumps({"auths": {"registry.test": {"auth": base64.b64encode(b"canary:canary").decode()}}})
        kind = "kubernetes.io/dockerconfigjson"
        core.create_namespaced_secret(
            NAME, {**named, "type": kind, "stringData": {".dockerconfigjson": pull}}
        )
        asked = {"spec": {"expirationSeconds": 3600}}
        token = core.create_namespaced_service_account_token(NAME, NAME, asked).status.token
        path = tmp_path_factory.mktemp("secrets") / "kubeconfig"
        yield write_kubeconfig(lab, path, {"token": token}), token
    finally:
        core.delete_namespace(NAME)
        rbac.delete_cluster_role_binding(NAME)


@pytest.fixture
def secrets(api: client.ApiClient, kubeconfig: tuple[Path, str]) -> dict[str, bytes]:
    """Everything that must not be seen, by where it lies."""
    found = {"the kubeconfig's token": kubeconfig[1].encode()}
    for secret in client.CoreV1Api(api).list_secret_for_all_namespaces().items:
        for key, value in (secret.data or {}).items():
            content = base64.b64decode(value)
            if key not in PUBLIC and len(content) >= SHORT:
                found[f"Secret {secret.metadata.namespace}/{secret.metadata.name}: {key}"] = content
    return found


def seen(secrets: dict[str, bytes], run: Run) -> list[str]:
    """What of the secrets stands in the run's files or on its terminal."""
    texts = {path.name: path.read_bytes() for path in run.reports.rglob("*") if path.is_file()}
    texts["terminal"] = run.output.encode()
    found = [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, text in texts.items()
        if any(form in text for form in forms(secret))
    ]
    return found + [
        f"{match[:12]!r}... in {place}" for place, text in texts.items() for match in UNKNOWN.findall(text)
    ]


def forms(secret: bytes) -> set[bytes]:
    """As it is, in base64, in a URL, and each long line of it."""
    lines = {line for line in secret.splitlines() if len(line) > 30 and not line.startswith(b"--")}
    return {secret, base64.b64encode(secret), quote(secret, safe="").encode(), *lines}


def test_a_loud_run_tells_no_secret(
    kubecheck: Callable[..., Run],
    lab: Lab,
    kubeconfig: tuple[Path, str],
    secrets: dict[str, bytes],
    tmp_path: Path,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        lab.policy.read_text().replace("[images]", f'[images]\npull_secrets = ["{NAME}/{NAME}"]')
    )
    run = kubecheck(*LOUD, "--node-access", "--policy", str(policy), kubeconfig=kubeconfig[0])
    assert run.code in (0, 1), run.output
    assert "DEBUG" in run.output
    assert len(secrets) > 3
    found = seen(secrets, run)
    assert not found


@pytest.mark.parametrize("during", PROVOKED)
def test_a_defect_tells_no_secret(
    kubecheck: Callable[..., Run],
    kubeconfig: tuple[Path, str],
    secrets: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    during: str,
) -> None:
    module, name, selected = PROVOKED[during]
    (tmp_path / "provoking.py").write_text(
        f"import {module}\n\ndef broken(*given, **more):\n    raise RuntimeError('provoked')\n\n"
        f"{module}.{name} = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = kubecheck(*LOUD, "-p", "provoking", "-k", selected, kubeconfig=kubeconfig[0])
    assert "provoked" in run.output
    found = seen(secrets, run)
    assert not found
