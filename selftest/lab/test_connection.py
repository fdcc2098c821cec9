"""Ways to the cluster, as kubectl has them: as somebody else, through a proxy, with a credential plugin."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, write_kubeconfig
from selftest.tunnels import proxy

Kubecheck = Callable[..., Run]

# Plain requests, watches, scripts by exec, kubectl's exec and logs, and port-forward.
EVERY_WAY = "node_ready or kubernetes_service_reachable or test_exec or test_logs or test_port_forward"
NAME = "kubecheck-selftest-connection"


def all_passed(run: Run, lab: Lab) -> None:
    """Every one of the checks passed, on every node."""
    assert run.code == 0, run.output
    assert set(run.outcomes.values()) == {"passed"}
    assert {vantage for _, vantage in run.outcomes} == {
        f"{kind}:{node}" for kind in ("api", "kubectl", "pod", "node") for node in lab.nodes
    }


@pytest.fixture
def token(api: client.ApiClient) -> Iterator[str]:
    """A ServiceAccount's, who may do everything."""
    core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
    metadata = client.V1ObjectMeta(name=NAME)
    binding = client.V1ClusterRoleBinding(
        metadata=metadata,
        subjects=[client.RbacV1Subject(kind="ServiceAccount", name=NAME, namespace="kube-system")],
        role_ref=client.V1RoleRef(
            api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="cluster-admin"
        ),
    )
    wanted = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
    try:
        core.create_namespaced_service_account("kube-system", client.V1ServiceAccount(metadata=metadata))
        rbac.create_cluster_role_binding(binding)
        made = core.create_namespaced_service_account_token(NAME, "kube-system", wanted).status
        assert made is not None
        yield str(made.token)
    finally:
        rbac.delete_cluster_role_binding(NAME)
        core.delete_namespaced_service_account(NAME, "kube-system")


def test_as_a_user_without_rights_there_is_no_verdict(kubecheck: Kubecheck) -> None:
    run = kubecheck("--as", "nobody-in-particular", "--as-group", "idle", "-k", EVERY_WAY)
    assert run.code == 11, run.output
    assert 'User "nobody-in-particular" cannot list resource "nodes"' in run.output
    assert "403" in run.output.splitlines()[-1]


def test_as_a_user_with_rights_and_through_a_proxy_everything_is_as_ever(
    kubecheck: Kubecheck, lab: Lab, tmp_path: Path
) -> None:
    # Who is acted as has its rights by the second group alone: without it any request would be refused.
    acting = ("--as", "somebody", "--as-group", "idle", "--as-group", "system:masters")
    with proxy() as ours:
        through = write_kubeconfig(lab, tmp_path / "kubeconfig", proxy_url=f"http://{ours.address}")
        run = kubecheck(*acting, "-k", EVERY_WAY, kubeconfig=through)
    all_passed(run, lab)
    server = yaml.safe_load(lab.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    assert set(ours.asked) == {urlsplit(server).netloc}
    # Each stream has a connection of its own, and plain requests share some.
    assert len(ours.asked) > run.verdict["requests"]["by_verb"]["CONNECT"]


def test_a_credential_plugin_is_asked_again_when_its_token_runs_out(
    kubecheck: Kubecheck, lab: Lab, token: str, tmp_path: Path
) -> None:
    plugin = tmp_path / "plugin"
    version = "client.authentication.k8s.io/v1"
    plugin.write_text(
        f"""#!/bin/sh
echo run >> {tmp_path}/runs
cat <<END
{{"apiVersion": "{version}", "kind": "ExecCredential", "status": {{"token": "{token}",
"expirationTimestamp": "$(date -u -d '+11 seconds' +%Y-%m-%dT%H:%M:%SZ)"}}}}
END
"""
    )
    plugin.chmod(0o700)
    user = {"exec": {"apiVersion": version, "command": "./plugin", "interactiveMode": "Never"}}
    kubeconfig = write_kubeconfig(lab, tmp_path / "kubeconfig", user)
    all_passed(kubecheck("-k", EVERY_WAY, kubeconfig=kubeconfig), lab)
    runs = len((tmp_path / "runs").read_text().splitlines())
    assert 2 <= runs <= 60, "a token is renewed 10 s before its end, and not with every request"
