"""Cluster DNS broken in ways that a lookup of one name, from one pod, does not show."""

from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from lab.faults import dns
from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]


def failed(run: Run) -> dict[str, set[str]]:
    """Vantages by check."""
    found: dict[str, set[str]] = {}
    for check, vantage in run.with_outcome("failed"):
        found.setdefault(check, set()).add(vantage)
    return found


def message(run: Run, check: str, vantage: str) -> str:
    """What a result says."""
    return next(
        str(c["message"]) for c in run.verdict["checks"] if (c["id"], c["vantage"]) == (check, vantage)
    )


@pytest.fixture
def dropped(lab: Lab) -> Iterator[Callable[..., None]]:
    """Drop packets that come to a node or through it, or in other ``chains``: iptables' words for which."""
    rules: list[tuple[str, tuple[str, ...]]] = []

    def drop(node: str, *which: str, chains: tuple[str, ...] = ("FORWARD", "INPUT")) -> None:
        for chain in chains:
            rule = (chain, *which, "-j", "DROP")
            rules.append((node, rule))
            lab.exec_on_node(node, ["iptables", "-I", *rule])

    yield drop
    for node, rule in rules:
        lab.exec_on_node(node, ["iptables", "-D", *rule])


@pytest.fixture
def replicas(api: client.ApiClient) -> list[client.V1Pod]:
    """The CoreDNS pods."""
    pods = client.CoreV1Api(api).list_namespaced_pod("kube-system", label_selector="k8s-app=kube-dns").items
    return [pod for pod in pods if not pod.metadata.deletion_timestamp]


@pytest.fixture
def replica(replicas: list[client.V1Pod]) -> client.V1Pod:
    """One of them."""
    return replicas[0]


@pytest.fixture
def node_without(lab: Lab, replicas: list[client.V1Pod]) -> str:
    """A node that carries none of them."""
    carrying = {pod.spec.node_name for pod in replicas}
    return next(node for node in reversed(lab.nodes) if node not in carrying)


@pytest.fixture
def deaf_replica(
    lab: Lab, api: client.ApiClient, dropped: Callable[..., None], replica: client.V1Pod
) -> Iterator[client.V1Pod]:
    """A CoreDNS pod that does not reach any API server; replaced at the end, for it recovers slowly."""
    name = replica.metadata.name
    node, address = replica.spec.node_name, replica.status.pod_ip
    dropped(node, "-s", address, "-p", "tcp", "--dport", "6443")
    # And the way back: a watch goes on telling until its server has waited in vain for acknowledgements.
    back = ("-d", address, "-p", "tcp", "-m", "multiport", "--sports", "443,6443")
    dropped(node, *back, chains=("FORWARD", "OUTPUT"))
    yield replica
    client.CoreV1Api(api).delete_namespaced_pod(name, "kube-system", grace_period_seconds=0)

    def replaced() -> bool:
        return name not in {pod["metadata"]["name"] for pod in dns.replicas(lab)} and dns.ready(lab)

    until(replaced, f"{name} is replaced")


def test_a_replica_that_has_lost_the_api_server_is_named(
    kubecheck: Kubecheck, lab: Lab, deaf_replica: client.V1Pod
) -> None:
    replica = deaf_replica
    run = kubecheck("tests/dns/test_servers.py")
    assert run.code == 1, run.output
    # It answers for what it knew, and it calls itself ready.
    pods = {f"pod:{node}" for node in lab.nodes}
    assert failed(run) == {"dns.each_replica_is_current": pods}
    for vantage in pods:
        said = message(run, "dns.each_replica_is_current", vantage)
        assert said.startswith(f"1 of 2 fail: {replica.metadata.name} on {replica.spec.node_name}\n")
        assert "NXDOMAIN" in said


def test_a_replica_that_one_node_does_not_reach_is_red_from_there(
    kubecheck: Kubecheck, node_without: str, dropped: Callable[..., None], replica: client.V1Pod
) -> None:
    node = node_without
    dropped(node, "-d", replica.status.pod_ip, "-p", "udp", "--dport", "53")
    run = kubecheck("tests/dns/test_servers.py", "tests/dns/test_lookup.py", "-k", "each_replica or steady")
    assert run.code == 1, run.output
    assert failed(run) == {
        check: {f"pod:{node}"}
        for check in (
            "dns.each_replica_answers",
            "dns.each_replica_is_current",
            "dns.lookups_are_steady",  # one in two is lost: that ten get through is one chance in a thousand
        )
    }
    said = message(run, "dns.each_replica_answers", f"pod:{node}")
    assert said.startswith(f"1 of 4 fail: {replica.metadata.name} on {replica.spec.node_name} over UDP\n")
