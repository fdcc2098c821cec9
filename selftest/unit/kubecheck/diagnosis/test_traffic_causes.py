"""Causes of failing DNS, Services and pod networks, on clusters made up."""

from dataclasses import replace

import pytest

from kubecheck.cluster.dashboard import Dashboard
from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Deployment, Kubelet, Pod, Service, ServicePort
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, judged, passed, unexplained

NODES = ("n1", "n2", "n3", "n4")
DNS = DnsSetup(
    (DnsServer("10.244.0.7", "coredns-a", "n1", 53, 53), DnsServer("10.244.1.7", "coredns-b", "n2", 53, 53)),
    Reading(("cluster.local",)),
)
KUBE_DNS = Service(
    "kube-system",
    "kube-dns",
    ("10.96.0.10",),
    (ServicePort("dns", "UDP", 53),),
    {"k8s-app": "kube-dns"},
    ("10.244.0.7", "10.244.1.7"),
)
COREDNS = Deployment("kube-system", "coredns", 2, 2, 2, (), "coredns")


@pytest.fixture
def cluster(facts_of):
    """Makes the evidence of results in a cluster of four nodes, two of them with a DNS server."""
    facts = facts_of(NODES)
    nodes = tuple(replace(node, addresses=(f"192.0.2.{i}",)) for i, node in enumerate(facts.nodes, 1))
    known = {"nodes": nodes, "dns_setup": DNS, "dns_deployments": (COREDNS,), "dns_service": KUBE_DNS}

    def make(results, **more):
        return evidence(results, facts, **{"standing": make_standing(NODES), **known, **more})

    return make


def pod(node):
    return f"10.244.{NODES.index(node)}.5"


def row(check, source, *failing, kind="pod"):
    """One node's result of a check that asks the pods of all nodes."""
    targets = [
        Target(
            to, Outcome.FAILED if to in failing else Outcome.PASSED, f"GET http://{pod(to)}:8080/", pod(to)
        )
        for to in NODES
    ]
    outcome = Outcome.FAILED if failing else Outcome.PASSED
    return judged(check, f"{kind}:{source}", outcome, "some fail", targets)


def matrix(check, *cut, kind="pod"):
    """All results of such a check, where the pairs in ``cut`` do not reach each other."""
    return [row(check, source, *[to for one, to in cut if one == source], kind=kind) for source in NODES]


def single(check, vantage, address, ok=False, got="no answer"):
    outcome = Outcome.PASSED if ok else Outcome.FAILED
    return judged(check, vantage, outcome, got, [Target("", outcome, f"tcp {address}:53", address, got)])


def both_ways(one, other):
    return (one, other), (other, one)


def isolated(node):
    return [pair for other in NODES if other != node for pair in both_ways(node, other)]


def test_no_dns_server_at_all(cluster):
    none = replace(COREDNS, wanted=0, ready=0)
    results = [
        failed("dns.dns_replicas_ready"),
        *(single("network.dns_service_over_udp", f"pod:{n}", "10.96.0.10") for n in NODES),
    ]
    made = cluster(results, dns_deployments=(none,), dns_setup=DnsSetup((), Reading(("cluster.local",))))
    assert causes(made) == [("dns-not-running", ("Deployment/kube-system/coredns",))]
    assert unexplained(made) == set()


@pytest.mark.parametrize("node", ["n2", "n3"])
def test_a_kubelet_with_other_dns_settings(cluster, node):
    kubelet = Kubelet(None, {"clusterDNS": ["10.96.0.53"], "clusterDomain": "cluster.local"})
    results = [
        *(
            failed("dns.kubelet_cluster_dns", f"api:{n}")
            if n == node
            else passed("dns.kubelet_cluster_dns", f"api:{n}")
            for n in NODES
        ),
        failed("dns.kubelets_agree"),
        failed("dns.pod_resolves_kubernetes", f"pod:{node}"),
        failed("nodes.kubelet_drift", f"api:{node}", "clusterDNS is 10.96.0.53, on 3 others 10.96.0.10"),
    ]
    made = cluster(results, kubelets={node: Reading(kubelet)})
    assert causes(made) == [("kubelet-dns-settings", (f"Node/{node}",))]
    assert unexplained(made) == set()


def test_what_does_not_go_by_a_kubelets_dns_settings_is_not_swept_under_them(cluster):
    results = [
        failed("dns.kubelet_cluster_dns", "api:n1"),
        passed("dns.kubelet_cluster_dns", "api:n2"),
        failed("dns.reverse_of_pod", "pod:n1", "asked 10.96.0.10: NXDOMAIN"),
    ]
    made = cluster(results)
    assert causes(made) == [("kubelet-dns-settings", ("Node/n1",))]
    assert unexplained(made) == {"dns.reverse_of_pod@pod:n1"}


@pytest.mark.parametrize("setting", ["dns.kubelets_agree", "dns.dns_service_address"])
def test_settings_for_dns_are_wrong_of_themselves_where_nobody_serves_it(cluster, setting):
    results = [
        *(failed("dns.pod_resolves_kubernetes", f"pod:{n}", "no reply") for n in NODES),
        failed("dns.dns_replicas_ready"),
        failed(setting, message="differs"),
    ]
    made = cluster(results, dns_service=replace(KUBE_DNS, endpoints=()))
    assert causes(made) == [("service-without-endpoints", ("Service/kube-system/kube-dns",))]
    assert unexplained(made) == {f"{setting}@api"}


def test_drift_of_another_field_is_not_swept_under_dns_settings(cluster):
    results = [
        failed("dns.kubelet_cluster_dns", "api:n1"),
        passed("dns.kubelet_cluster_dns", "api:n2"),
        failed("nodes.kubelet_drift", "api:n1", "maxPods is 10, on 3 others 110"),
    ]
    assert sorted(name for name, _ in causes(cluster(results))) == ["kubelet-dns-settings", "kubelet-drift"]


@pytest.mark.parametrize(("name", "node"), [("coredns-a", "n1"), ("coredns-b", "n2")])
def test_one_of_two_dns_servers(cluster, name, node):
    def result(source):
        server = next(s for s in DNS.servers if s.name == name)
        target = Target(f"{name} on {node} over UDP", Outcome.FAILED, "dns", server.address, "SERVFAIL")
        return failed("dns.each_replica_answers", f"pod:{source}", "one fails", [target])

    made = cluster([result(source) for source in NODES])
    assert causes(made) == [("dns-replica-broken", (f"Pod/kube-system/{name}",))]


def test_a_dns_server_behind_a_broken_way_is_not_blamed(cluster):
    target = Target("coredns-a on n1 over UDP", Outcome.FAILED, "dns", "10.244.0.7", "no reply")
    results = [
        *matrix("network.pod_to_pod", *both_ways("n1", "n3")),
        failed("dns.each_replica_answers", "pod:n3", "one fails", [target]),
    ]
    made = cluster(results)
    assert causes(made) == [("pod-path-broken", ("Node/n1", "Node/n3"))]
    assert unexplained(made) == set()


@pytest.mark.parametrize(("protocol", "other"), [("udp", "tcp"), ("tcp", "udp")])
def test_a_transport_that_is_blocked_everywhere_or_on_one_node(cluster, protocol, other):
    def results(blocked):
        return [
            single(
                f"network.dns_service_over_{name}",
                f"{kind}:{n}",
                "10.96.0.10",
                ok=name == other or n not in blocked,
            )
            for name in (protocol, other)
            for kind in ("pod", "node")
            for n in NODES
        ]

    assert causes(cluster(results(NODES))) == [("dns-transport-blocked", ("Service/kube-system/kube-dns",))]
    assert causes(cluster(results(["n4"]))) == [("dns-transport-blocked", ("Node/n4",))]


def test_kube_proxy_down_and_a_broken_way_are_two_causes(cluster):
    results = [
        *matrix("network.pod_to_pod", *both_ways("n1", "n2")),
        failed("addons.kube_proxy_healthy", "node:n4", "connection refused"),
        single("network.new_service_works", "pod:n4", "10.96.12.34"),
    ]
    made = cluster(results)
    assert sorted(causes(made)) == [
        ("kube-proxy-down", ("Node/n4",)),
        ("pod-path-broken", ("Node/n1", "Node/n2")),
    ]
    assert unexplained(made) == set()


@pytest.mark.parametrize("node", ["n1", "n4"])
def test_a_node_whose_pods_are_cut_off(cluster, node):
    made = cluster(matrix("network.pod_to_pod", *isolated(node)))
    assert causes(made) == [("pod-network-blocked", (f"Node/{node}",))]


def test_a_node_that_does_not_forward(cluster):
    results = [*matrix("network.pod_to_pod", *isolated("n2")), failed("network.node_forwards", "node:n2")]
    made = cluster(results, answers={("node:n2", "net.ipv4.ip_forward"): (0, "0")})
    assert causes(made) == [("ip-forward-off", ("Node/n2",))]
    assert unexplained(made) == set()


def test_a_missing_route_is_confirmed_by_the_node_itself(cluster):
    def route(source, to, device):
        return (f"node:{source}", f"route to {pod(to)}"), (0, f"{pod(to)} dev {device} src 192.0.2.1")

    ways = dict(
        route(one, other, "eth0" if (one, other) == ("n3", "n1") else "vxlan.1")
        for one in NODES
        for other in NODES
    )
    made = cluster(matrix("network.pod_to_pod", *both_ways("n1", "n3")), answers=ways)
    [(name, blames)] = causes(made)
    assert (name, blames) == ("pod-path-broken", ("Node/n1", "Node/n3"))


def test_no_pod_reaches_another_node(cluster):
    cut = [(one, other) for one in NODES for other in NODES if one != other]
    assert causes(cluster(matrix("network.pod_to_pod", *cut))) == [("overlay-down", ("Network/pods",))]


def test_large_packets_are_lost_where_small_ones_pass(cluster):
    results = [*matrix("network.pod_to_pod"), *matrix("network.large_transfer", *both_ways("n2", "n4"))]
    assert causes(cluster(results)) == [("mtu-black-hole", ("Node/n2", "Node/n4"))]


def test_where_nothing_passes_it_is_no_matter_of_size(cluster):
    cut = both_ways("n2", "n4")
    results = [*matrix("network.pod_to_pod", *cut), *matrix("network.large_transfer", *cut)]
    assert causes(cluster(results)) == [("pod-path-broken", ("Node/n2", "Node/n4"))]


def test_udp_is_lost_at_one_node(cluster):
    into = [(other, "n3") for other in NODES if other != "n3"]
    results = [*matrix("network.pod_to_pod"), *matrix("network.pod_to_pod_over_udp", *into)]
    assert causes(cluster(results)) == [("pod-udp-blocked", ("Node/n3",))]


def test_a_closed_port_of_pods_is_told_from_a_closed_way(cluster):
    into = [(other, "n3") for other in NODES if other != "n3"]
    made = cluster([*matrix("network.pod_to_pod", *into), *matrix("network.pod_to_pod_over_udp")])
    assert causes(made) == [("service-dead-endpoint", ("Node/n3",))]
    made = cluster([*matrix("network.pod_to_pod", *into), *matrix("network.pod_to_pod_over_udp", *into)])
    assert causes(made) == [("pod-network-blocked", ("Node/n3",))]


def test_hairpin_is_lost_on_one_node(cluster):
    results = [
        *(passed("network.new_service_works", f"pod:{n}") for n in NODES),
        failed("network.pod_reaches_itself", "pod:n3"),
    ]
    assert causes(cluster(results)) == [("hairpin-off", ("Node/n3",))]


def test_a_service_that_only_the_node_itself_does_not_reach(cluster):
    results = [
        *(passed("addons.kube_proxy_healthy", f"node:{n}") for n in NODES),
        *(single("network.kubernetes_service_reachable", f"pod:{n}", "10.96.0.1", ok=True) for n in NODES),
        single("network.kubernetes_service_reachable", "node:n2", "10.96.0.1"),
    ]
    assert causes(cluster(results)) == [("service-blocked-on-node", ("Node/n2",))]


def test_new_pods_get_no_network(cluster):
    message = "pod a/b on node n4 does not run: failed to setup network for sandbox: no networks found"
    results = [
        failed("network.probe_pod_runs", "pod:n4", message),
        passed("network.probe_pod_runs", "node:n4"),
    ]
    assert causes(cluster(results)) == [("cni-broken", ("Node/n4",))]


@pytest.fixture
def with_dashboard(cluster):
    """Makes evidence in which the dashboard's pod runs on n2 and the only API server on n1."""
    https = (ServicePort("https", "TCP", 443),)
    address, selector = "10.244.1.9", {"k8s-app": "dashboard"}
    served = Service("dash", "dash", ("10.96.0.20",), https, selector, (address,))
    pod_of_it = Pod("dash", "dash-1", "n2", "Running", ready=True, address=address, host_network=False)
    known = {
        "dashboards": (Dashboard("Dashboard", served, Reading("<html>"), Reading(problem="none")),),
        "kubernetes_service": Service("default", "kubernetes", ("10.96.0.1",), https, {}, ("192.0.2.1",)),
        "pods": (pod_of_it,),
    }
    return lambda results: cluster(results, **known)


LOGIN = failed("addons.dashboard_login", "api", "the login answered nothing", ["dash/dash"])


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [("n1", "n2", set()), ("n2", "n1", set()), ("n2", "n3", {"addons.dashboard_login@api"})],
)
def test_an_api_server_that_has_lost_the_way_to_the_dashboard(with_dashboard, one, other, left):
    made = with_dashboard([*matrix("network.pod_to_pod", *both_ways(one, other)), LOGIN])
    assert [name for name, _ in causes(made)] == ["pod-path-broken"]
    assert unexplained(made) == left


@pytest.mark.parametrize(("other", "left"), [("n2", set()), ("n3", {"addons.dashboard_login@api"})])
def test_a_login_is_too_large_for_a_way_that_small_packets_pass(with_dashboard, other, left):
    large = matrix("network.large_transfer", *both_ways("n1", other))
    made = with_dashboard([*matrix("network.pod_to_pod"), *large, LOGIN])
    assert [name for name, _ in causes(made)] == ["mtu-black-hole"]
    assert unexplained(made) == left


@pytest.mark.parametrize(("node", "left"), [("n2", set()), ("n3", {"addons.dashboard_login@api"})])
def test_a_dashboard_that_reaches_no_service(with_dashboard, node, left):
    down = failed("addons.kube_proxy_healthy", f"node:{node}", "connection refused")
    made = with_dashboard([down, LOGIN])
    assert causes(made) == [("kube-proxy-down", (f"Node/{node}",))]
    assert unexplained(made) == left
