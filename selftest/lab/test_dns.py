"""Cluster DNS broken in ways that a lookup of one name, from one pod, does not show."""

import json
from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

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


def test_dns_over_udp_alone_shows_in_large_answers(
    kubecheck: Kubecheck, node_without: str, dropped: Callable[..., None]
) -> None:
    node = node_without
    dropped(node, "-p", "tcp", "--dport", "53")
    run = kubecheck("tests/dns")
    assert run.code == 1, run.output
    assert failed(run) == {
        check: {f"pod:{node}"}
        for check in (
            "dns.each_replica_answers",
            "dns.headless_service",
            "dns.large_answer",
            "dns.reverse_of_pod",
        )
    }
    assert message(run, "dns.large_answer", f"pod:{node}").startswith("1 of 2 fail: over TCP\n")


@pytest.fixture
def deaf_replica(
    api: client.ApiClient, dropped: Callable[..., None], replica: client.V1Pod
) -> Iterator[client.V1Pod]:
    """A CoreDNS pod that does not reach any API server; replaced at the end, for it recovers slowly."""
    name = replica.metadata.name
    node, address = replica.spec.node_name, replica.status.pod_ip
    dropped(node, "-s", address, "-p", "tcp", "--dport", "6443")
    # And the way back: a watch goes on telling until its server has waited in vain for acknowledgements.
    back = ("-d", address, "-p", "tcp", "-m", "multiport", "--sports", "443,6443")
    dropped(node, *back, chains=("FORWARD", "OUTPUT"))
    yield replica
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    core.delete_namespaced_pod(name, "kube-system", grace_period_seconds=0)

    def replaced() -> bool:
        pods = core.list_namespaced_pod("kube-system", label_selector="k8s-app=kube-dns").items
        deployment = apps.read_namespaced_deployment("coredns", "kube-system")
        return name not in {
            pod.metadata.name for pod in pods
        } and deployment.status.ready_replicas == deployment.spec.replicas == len(pods)

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
    run = kubecheck("tests/dns/test_servers.py", "tests/dns/test_lookup.py", "-k", "replica or steady")
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


@pytest.fixture
def another_domain(api: client.ApiClient) -> Iterator[None]:
    """Another cluster domain in the Corefile, for less time than CoreDNS takes to notice."""
    core = client.CoreV1Api(api)
    kept = core.read_namespaced_config_map("coredns", "kube-system").data["Corefile"]
    spoilt = kept.replace("kubernetes cluster.local", "kubernetes k8s.local")
    assert spoilt != kept

    def put(text: str) -> None:
        core.patch_namespaced_config_map("coredns", "kube-system", {"data": {"Corefile": text}})

    put(spoilt)
    yield
    put(kept)


@pytest.mark.usefixtures("another_domain")
def test_a_domain_that_coredns_does_not_serve_is_told(kubecheck: Kubecheck, lab: Lab) -> None:
    run = kubecheck("tests/dns/test_resolv_conf.py", "-k", "domain_is_served or kubelets_agree")
    assert run.code == 1, run.output
    assert failed(run) == {"dns.domain_is_served": {f"api:{node}" for node in lab.nodes}}
    assert "CoreDNS serves k8s.local" in message(run, "dns.domain_is_served", f"api:{lab.nodes[0]}")
    assert "deploy" not in run.verdict["timings"]


@pytest.fixture
def another_server(lab: Lab, api: client.ApiClient) -> Iterator[str]:
    """A node whose kubelet hands out an address that is no DNS server's."""
    node, file = lab.nodes[-1], "/etc/kubernetes/kubelet-conf.yml"
    core = client.CoreV1Api(api)

    def restart(clusterdns: str) -> None:
        lab.stop(node, "kubelet")
        lab.start(node, "kubelet")
        until(lambda: handed() == [clusterdns] and ready(), f"{node} is ready and hands out {clusterdns}")

    def ready() -> bool:
        conditions = core.read_node(node).status.conditions
        return any(c.type == "Ready" and c.status == "True" for c in conditions)

    def handed() -> list[str]:
        try:
            page = core.connect_get_node_proxy_with_path(node, "configz", _preload_content=False)
        except client.ApiException:
            return []  # it is still starting
        found: list[str] = json.loads(page.data)["kubeletconfig"]["clusterDNS"]
        return found

    lab.exec_on_node(node, ["cp", "-p", file, f"{file}.kept"])
    try:
        lab.exec_on_node(node, ["sed", "-i", 's/"10.96.0.10"/"10.96.0.99"/', file])
        restart("10.96.0.99")
        yield node
    finally:
        lab.exec_on_node(node, ["mv", f"{file}.kept", file])
        restart("10.96.0.10")


def test_a_kubelet_that_hands_out_another_server_is_told(kubecheck: Kubecheck, another_server: str) -> None:
    node = another_server
    run = kubecheck("tests/dns", "-k", "cluster_dns or kubelets_agree or resolves_kubernetes or resolv_conf")
    assert run.code == 1, run.output
    assert failed(run) == {
        "dns.kubelet_cluster_dns": {f"api:{node}"},
        "dns.kubelets_agree": {"api"},
        "dns.pod_resolves_kubernetes": {f"pod:{node}"},
    }
    assert f"10.96.0.99 and clusterDomain cluster.local on {node}" in message(
        run, "dns.kubelets_agree", "api"
    )
