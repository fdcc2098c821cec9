"""The control plane broken in ways that leave the cluster looking well, and what the checks say of it."""

from collections.abc import Callable, Iterator

import pytest
from kubernetes import client, config
from urllib3.exceptions import HTTPError

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]


def messages(run: Run) -> dict[tuple[str, str], str]:
    """What each result that did not pass says, by check and vantage."""
    return {(c["id"], c["vantage"]): c["message"] for c in run.verdict["checks"] if c["outcome"] != "passed"}


@pytest.fixture
def frozen_api_server(lab: Lab) -> Iterator[str]:
    """One API server stopped where it is: its port still accepts connections, and nobody answers."""
    node = lab.masters[-1]
    lab.freeze(node, "kube-apiserver")

    def left_out() -> bool:
        """The load balancer has noticed: of many new connections none goes there any more."""
        try:
            for _ in range(8 * len(lab.masters)):  # others connect too, so that it gets but a share of ours
                once = client.Configuration()
                config.load_kube_config(str(lab.kubeconfig), client_configuration=once)
                once.retries = False  # else a second try, at another API server, hides the frozen one
                with client.ApiClient(once) as fresh:
                    client.VersionApi(fresh).get_code(_request_timeout=1)
        except (HTTPError, client.ApiException):
            return False
        return True

    until(left_out, "the load balancer leaves the frozen API server out", 40)
    yield node
    lab.thaw(node, "kube-apiserver")


def test_frozen_api_server_is_seen_behind_the_vip(
    kubecheck: Kubecheck, lab: Lab, frozen_api_server: str
) -> None:
    run = kubecheck("-k", "api_servers_reachable or api_servers_ready or api_servers_count")
    assert run.code == 1, run.output
    failed = run.with_outcome("failed")
    # It keeps its endpoint for 15 s after its last sign of life. Later there is one API server too few.
    if failed == {("controlplane.api_servers_count", "api")}:
        return
    everywhere = {("controlplane.api_servers_reachable", f"node:{node}") for node in lab.nodes}
    assert failed == everywhere | {("controlplane.api_servers_ready", "api")}
    for said in messages(run).values():
        assert frozen_api_server in said.splitlines()[0]


@pytest.fixture
def blocked_way(lab: Lab, api: client.ApiClient) -> Iterator[tuple[str, str]]:
    """One worker cannot reach one API server; the VIP still works for it."""
    worker, master = lab.nodes[-1], lab.masters[1]
    addresses = client.CoreV1Api(api).read_node(master).status.addresses
    address = next(each.address for each in addresses if each.type == "InternalIP")
    rule = ["OUTPUT", "-d", address, "-p", "tcp", "--dport", "6443", "-j", "DROP"]
    assert lab.exec_on_node(worker, ["iptables", "-I", *rule]).returncode == 0
    yield worker, master
    assert lab.exec_on_node(worker, ["iptables", "-D", *rule]).returncode == 0


def test_an_api_server_out_of_one_nodes_reach_is_red_there_only(
    kubecheck: Kubecheck, blocked_way: tuple[str, str]
) -> None:
    worker, master = blocked_way
    run = kubecheck("-k", "api_servers")
    assert run.code == 1, run.output
    failed = ("controlplane.api_servers_reachable", f"node:{worker}")
    assert run.with_outcome("failed") == {failed}
    assert messages(run)[failed].startswith(f"1 of 3 fail: {master}\n")
    assert not run.with_outcome("unknown")


@pytest.fixture
def stuck_rollout(api: client.ApiClient) -> Iterator[str]:
    """A Deployment of the system whose image is nowhere."""
    apps, name = client.AppsV1Api(api), "kubecheck-selftest"
    labels = {"app": name}
    container = {"name": "c", "image": "kubecheck.lab/nowhere:1", "imagePullPolicy": "Never"}
    body = {
        "metadata": {"name": name},
        "spec": {
            "progressDeadlineSeconds": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    apps.create_namespaced_deployment("kube-system", body)

    def stuck() -> bool:
        conditions = apps.read_namespaced_deployment(name, "kube-system").status.conditions or []
        return any(each.type == "Progressing" and each.status == "False" for each in conditions)

    try:
        until(stuck, "the Deployment's deadline is over", 30)
        yield name
    finally:
        apps.delete_namespaced_deployment(name, "kube-system", propagation_policy="Foreground")


def test_stuck_rollout_is_red(kubecheck: Kubecheck, stuck_rollout: str) -> None:
    run = kubecheck("-k", "rollout")
    assert run.code == 1, run.output
    said = messages(run)[("controlplane.no_rollout_is_stuck", "api")]
    assert f"Deployment kube-system/{stuck_rollout}" in said
    assert "ProgressDeadlineExceeded" in said
