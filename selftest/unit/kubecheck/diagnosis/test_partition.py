"""Groups of nodes that are apart: one cause for all that follows, and for nothing else."""

import time
from dataclasses import replace
from itertools import product

import pytest

from kubecheck.cluster.dashboard import Dashboard, Login
from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Condition, Pod, Service, ServicePort, Usage
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.fleet.standing import Peer
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import (
    causes,
    evidence,
    failed,
    judged,
    passed,
    unexplained,
    unknown,
)

NODES = ("n1", "n2", "n3", "n4", "n5")
ONE, OTHER = ("n1", "n3"), ("n2", "n4", "n5")
BLAMED = ("Node/n1", "Node/n3")
APART = "do not reach each other, and within each group they do"
DNS = DnsSetup(
    (DnsServer("10.244.2.7", "coredns-a", "n3", 53, 53), DnsServer("10.244.4.7", "coredns-b", "n5", 53, 53)),
    Reading(("cluster.local",)),
)
HTTPS = (ServicePort("https", "TCP", 443),)
KUBERNETES = Service("default", "kubernetes", ("10.96.0.1",), HTTPS, {}, ("192.0.2.1", "192.0.2.2"))
PODS = (
    Pod("kube-system", "metrics-server-1", "n3", "Running", True, "10.244.2.8", False),
    Pod("kube-system", "coredns-a", "n3", "Running", True, "10.244.2.7", False),
    Pod("kube-system", "coredns-b", "n5", "Running", True, "10.244.4.7", False),
)


@pytest.fixture
def cluster():
    """Makes the evidence of results in a cluster of five nodes: masters n1 and n2, DNS on n3 and n5."""

    def make(results, names=NODES, **more):
        facts = make_facts(names)
        nodes = tuple(replace(node, addresses=(address(names, node.name),)) for node in facts.nodes)
        known = {
            "nodes": nodes,
            "dns_setup": DNS,
            "kubernetes_service": KUBERNETES,
            "pods": PODS,
        }
        return evidence(
            results, facts, **{"standing": replace(make_standing(names), node_port=30123), **known, **more}
        )

    return make


def address(names, node):
    number = names.index(node) + 1
    return f"192.0.2.{number}" if number < 250 else f"198.51.{number // 250}.{number % 250}"


def pod(node):
    return f"10.244.{NODES.index(node)}.5"


def across(*groups):
    """All pairs of nodes in different groups."""
    return {(one, other) for a, b in product(groups, groups) if a is not b for one, other in product(a, b)}


def cut_off(node):
    return across((node,), tuple(each for each in NODES if each != node))


def matrix(check, cut=(), kind="pod", nodes=NODES, untold=()):
    """All results of a check that asks every node's pod, or every node, where the pairs in ``cut`` fail."""

    def outcome(source, to):
        if to in untold:
            return Outcome.UNKNOWN
        return Outcome.FAILED if (source, to) in cut else Outcome.PASSED

    results = []
    for source in nodes:
        if source not in untold:
            targets = [Target(to, outcome(source, to), "asked") for to in nodes]
            whole = Outcome.FAILED if any(t.outcome is Outcome.FAILED for t in targets) else Outcome.PASSED
            results.append(judged(check, f"{kind}:{source}", whole, "some fail", targets))
    return results


def pods_and_nodes(pods=(), nodes=()):
    return [*matrix("network.pod_to_pod", pods), *matrix("network.node_to_node", nodes, kind="node")]


def single(check, vantage, address):
    return failed(check, vantage, "no answer", [Target("", Outcome.FAILED, "asked", address, "no answer")])


def the_one(made):
    """The only cause."""
    [found] = diagnose(made, all_kinds()).causes
    assert found.kind.id == "network-partition"
    return found


def test_where_nodes_reach_each_other_it_is_the_pod_network(cluster):
    found = the_one(cluster(pods_and_nodes(across(ONE, OTHER))))
    assert found.finding.says == (
        f"pods of nodes n1, n3 and pods of nodes n2, n4, n5 {APART}; the nodes themselves reach each other,"
        " so it is the pod network between them"
    )
    assert found.finding.blames == BLAMED
    assert found.finding.confidence is Confidence.LIKELY
    assert found.remedy[0].startswith("on n1: ip route get 10.244.1.5; ")
    assert "VXLAN" in found.remedy[1]
    assert not any("traceroute" in step for step in found.remedy)


def test_where_nodes_do_not_it_is_the_network_below(cluster):
    cut = across(ONE, OTHER)
    found = the_one(cluster(pods_and_nodes(cut, cut)))
    assert found.finding.says.endswith("; nor do the nodes themselves, so it is the network below")
    assert found.finding.blames == BLAMED
    assert found.remedy[0].startswith("on n1: ip route get 192.0.2.2; traceroute -n 192.0.2.2")
    assert not any("calicoctl" in step for step in found.remedy)


def test_what_is_not_known_of_the_nodes_is_not_told(cluster):
    cut = across(ONE, OTHER)
    found = the_one(cluster(matrix("network.pod_to_pod", cut)))
    assert "themselves" not in found.finding.says
    assert all(any(word in step for step in found.remedy) for word in ("VXLAN", "traceroute"))
    some = {("n1", "n2"), ("n2", "n1")}
    made = cluster(pods_and_nodes(cut, some))
    [found, *_] = diagnose(made, all_kinds()).causes
    assert found.finding.says.endswith("; of the nodes themselves 2 of 12 pairs do not either")
    assert unexplained(made) == {"network.node_to_node@node:n1", "network.node_to_node@node:n2"}


def test_one_way(cluster):
    results = pods_and_nodes({(one, other) for one, other in across(ONE, OTHER) if one in OTHER})
    found = the_one(cluster(results))
    assert found.finding.says.startswith(
        "pods of nodes n2, n4, n5 do not reach pods of nodes n1, n3, which do reach them; the nodes"
    )
    assert found.finding.blames == BLAMED


def test_three_groups(cluster):
    names = (*NODES, "n6", "n7")
    groups = (ONE, OTHER, ("n6", "n7"))
    results = [
        *matrix("network.pod_to_pod", across(*groups), nodes=names),
        *matrix("network.node_to_node", kind="node", nodes=names),
    ]
    found = the_one(cluster(results, names))
    assert found.finding.says.startswith(
        f"pods of nodes n1, n3, pods of nodes n6, n7 and pods of nodes n2, n4, n5 {APART}"
    )
    assert found.finding.blames == (*BLAMED, "Node/n6", "Node/n7")


def test_two_subnets_of_workers_that_the_masters_reach(cluster):
    names = (*NODES, "n6", "n7")
    cut = across(("n4", "n5"), ("n6", "n7"))
    results = [
        *matrix("network.pod_to_pod", cut, nodes=names),
        *matrix("network.node_to_node", cut, kind="node", nodes=names),
    ]
    found = the_one(cluster(results, names))
    assert found.finding.says.startswith(
        "pods of nodes n4, n5 and pods of nodes n6, n7 do not reach each other"
    )


def test_nodes_that_are_apart_though_their_pods_are_not(cluster):
    made = cluster(pods_and_nodes(nodes=across(ONE, OTHER)))
    assert the_one(made).finding.says == (
        f"nodes n1, n3 and nodes n2, n4, n5 {APART}; their pods do, so something closes the nodes' own ports"
    )
    assert unexplained(made) == set()


def answers(devices):
    """What nodes say of their ways: (node, address) to the device."""
    return {
        (f"node:{n}", f"route to {a}"): (0, f"{a} dev {d} src 1.2.3.4" if d else "") for (n, a), d in devices
    }


@pytest.mark.parametrize(
    ("afar", "near", "below", "told"),
    [
        ("eth0", "vxlan.1", "eth0", "by eth0, and those for pods of n3 by vxlan.1: the route is missing"),
        ("", "vxlan.1", "eth0", "node n1 has no route to the pods of n2"),
        # A tunnel for other subnets only is as it must be, and so are routes without any.
        ("vxlan.calico", "eth0", "eth0", ""),
        ("eth0", "eth0", "eth0", ""),
        ("vxlan.1", "vxlan.1", "eth0", ""),
    ],
)
def test_a_missing_route_is_confirmed_by_the_node_itself(cluster, afar, near, below, told):
    ways = answers([(("n1", pod("n2")), afar), (("n1", pod("n3")), near), (("n1", "192.0.2.2"), below)])
    found = the_one(cluster(pods_and_nodes(across(ONE, OTHER)), answers=ways))
    assert found.finding.confidence is (Confidence.CERTAIN if told else Confidence.LIKELY)
    assert told in "; ".join(found.finding.confirmed)
    assert len(found.finding.confirmed) == bool(told)


def follows(cut):
    """What else fails in the cluster whose pods are apart."""
    dns = Target("coredns-a on n3 over UDP", Outcome.FAILED, "dns", "10.244.2.7", "no reply")
    return [
        *matrix("network.pod_to_pod", cut),
        *matrix("network.node_to_node", kind="node"),
        *matrix("network.node_to_pod", cut, kind="node"),
        *matrix("network.pod_to_pod_over_udp", cut),
        *matrix("network.large_transfer", cut),
        *matrix("network.large_transfer", cut, kind="node"),
        *(failed("dns.each_replica_answers", f"pod:{n}", "one fails", [dns]) for n in OTHER),
        *(failed("dns.pod_resolves_kubernetes", f"pod:{n}", "bad address") for n in ("n1", "n2")),
        *(single("network.new_service_works", f"{kind}:n4", "10.96.12.34") for kind in ("pod", "node")),
        failed(
            "network.node_port",
            "node:n4",
            "x",
            [Target("n5", Outcome.FAILED, "GET http://192.0.2.5:30123/", "192.0.2.5")],
        ),
        *(
            unknown("addons.node_has_metrics", f"api:{n}", "node metrics could not be read: no answer")
            for n in NODES
        ),
        failed("addons.metrics_api_available", "api", "APIService: FailedDiscoveryCheck: no answer"),
        failed("network.pod_to_node", "pod:n1", "x", [Target("n2", Outcome.FAILED, "tcp", "192.0.2.2")]),
    ]


def test_all_that_leads_to_the_other_side_follows(cluster):
    made = cluster(follows(across(ONE, OTHER)), metrics_api=Condition("Available", "False", "x"))
    found = the_one(made)
    assert found.finding.explains == set(made.symptoms)


@pytest.mark.parametrize(
    "other",
    [
        Target("n5", Outcome.FAILED, "GET"),  # a pod of the same group
        Target("n4", Outcome.FAILED, "GET"),  # on the node itself
    ],
)
def test_what_stays_within_a_group_does_not_follow(cluster, other):
    results = [
        *follows(across(ONE, OTHER)),
        failed("network.network_policy_is_enforced", "pod:n4", "x", [other]),
    ]
    made = cluster(results, metrics_api=Condition("Available", "False", "x"))
    assert unexplained(made) == {"network.network_policy_is_enforced@pod:n4"}


def test_a_single_row_of_metrics_does_not_follow_where_nodes_reach_each_other(cluster):
    row = failed("addons.node_has_metrics", "api:n2", "kubectl top node has no row for n2")
    made = cluster([*pods_and_nodes(across(ONE, OTHER)), row])
    assert unexplained(made) == {"addons.node_has_metrics@api:n2"}


def test_what_goes_from_node_to_node_follows_where_they_do_not(cluster):
    cut = across(ONE, OTHER)
    usage = Usage(0.5, 1e9, "2026-01-01T00:00:00Z")
    results = [
        *follows(cut)[len(NODES) * 2 :],
        *pods_and_nodes(cut, cut),
        *(failed("controlplane.api_servers_reachable", f"node:{n}", "x", ["n1"]) for n in OTHER),
        *(failed("controlplane.etcd_members_answer", f"node:{n}", "x", ["n2"]) for n in ONE),
        *(
            failed("addons.node_has_metrics", f"api:{n}", f"kubectl top node has no row for {n}")
            for n in OTHER
        ),
        *(passed("addons.node_metrics_fresh", f"api:{n}") for n in ONE),
        failed("addons.pods_have_metrics", "api", "3 of 9 running pods have no row: x, y, z"),
    ]
    # What a pod beside metrics-server gets at the kubelets of the others is one more consequence.
    asked = {("pod:n3", f"tcp 192.0.2.{number}:10250"): (1, "") for number in (2, 4, 5)}
    made = cluster(
        results,
        answers=asked,
        node_usage=dict.fromkeys(ONE, usage),
        metrics_api=Condition("Available", "False", "x"),
    )
    assert causes(made) == [("network-partition", BLAMED)]
    assert unexplained(made) == set()


def test_another_fault_of_one_node_is_another_cause(cluster):
    results = [
        *follows(across(ONE, OTHER)),
        failed("addons.kube_proxy_healthy", "node:n4", "connection refused"),
    ]
    made = cluster(results, metrics_api=Condition("Available", "False", "x"))
    assert causes(made) == [("network-partition", BLAMED), ("kube-proxy-down", ("Node/n4",))]


@pytest.mark.parametrize("pair", [("n4", "n5"), ("n2", "n5")])
def test_a_pair_within_a_group_is_another_cause(cluster, pair):
    made = cluster(pods_and_nodes(across(ONE, OTHER) | across(pair[:1], pair[1:])))
    assert causes(made) == [
        ("network-partition", BLAMED),
        ("pod-path-broken", tuple(f"Node/{node}" for node in pair)),
    ]


def test_a_node_that_is_cut_off_is_another_cause(cluster):
    made = cluster(pods_and_nodes(across(ONE, ("n2", "n5")) | cut_off("n4")))
    assert sorted(causes(made)) == [
        ("network-partition", ("Node/n1", "Node/n2", "Node/n3", "Node/n5")),
        ("pod-network-blocked", ("Node/n4",)),
    ]
    assert unexplained(made) == set()


def test_a_node_that_is_down_is_another_cause(cluster):
    cut = across(ONE, ("n2", "n5"))
    nodes = matrix("network.node_to_node", {(n, "n4") for n in NODES if n != "n4"}, kind="node")
    results = [
        *matrix("network.pod_to_pod", cut, untold=["n4"]),
        *[each for each in nodes if each.vantage != "node:n4"],
        failed("nodes.node_ready", "api:n4", "node n4 is Ready=Unknown"),
    ]
    made = cluster(results)
    gone = Condition("Ready", "Unknown", "x", "Kubelet stopped posting node status.")
    nodes = tuple(replace(n, conditions=(gone,)) if n.name == "n4" else n for n in made.facts.nodes)
    probes = [replace(p, problem="not Ready") if p.node == "n4" else p for p in make_standing(NODES).probes]
    standing = replace(make_standing(NODES), probes=tuple(probes))
    lost = Reading(problem="dial tcp 192.0.2.4:10250: i/o timeout")
    made = cluster(results, nodes=nodes, standing=standing, kubelets={"n4": lost})
    assert sorted(causes(made)) == [
        ("network-partition", ("Node/n1", "Node/n2", "Node/n3", "Node/n5")),
        ("node-down", ("Node/n4",)),
    ]
    assert unexplained(made) == set()


@pytest.mark.parametrize("name", ["coredns-a", "coredns-b"])
def test_a_dns_server_that_nobody_gets_an_answer_of_is_another_cause(cluster, name):
    server = next(each for each in DNS.servers if each.name == name)
    bad = Target(f"{name} on {server.node} over UDP", Outcome.FAILED, "dns", server.address, "SERVFAIL")
    other = next(each for each in DNS.servers if each.name != name)
    lost = Target(f"{other.name} on {other.node} over UDP", Outcome.FAILED, "dns", other.address, "no reply")
    cut = across(ONE, OTHER)
    asked = [
        failed(
            "dns.each_replica_answers", f"pod:{n}", "x", [bad, *([lost] if (n, other.node) in cut else [])]
        )
        for n in NODES
    ]
    made = cluster([*pods_and_nodes(cut), *asked])
    assert sorted(causes(made)) == [
        ("dns-replica-broken", (f"Pod/kube-system/{name}",)),
        ("network-partition", BLAMED),
    ]


def test_endpoints_of_ones_own_group_are_not_silent(cluster):
    peers = tuple(Peer("k-peer", f"peer-{n}", n, f"10.244.{NODES.index(n)}.9") for n in ("n1", "n2", "n4"))
    standing = replace(make_standing(NODES), peers=peers)
    cut = across(ONE, OTHER)

    def spread(node):
        lost = ", ".join(f"k-peer/{p.name} (x on {p.node})" for p in peers if (node, p.node) in cut)
        seen = ", ".join(f"k-peer/{p.name} 9 times" for p in peers if (node, p.node) not in cut)
        return failed(
            "network.service_spreads",
            f"pod:{node}",
            f"{seen or 'no answer'}; expected x, and never came one of {lost}",
        )

    hairpin = failed("network.pod_reaches_itself", "pod:n1")
    results = [
        *pods_and_nodes(cut),
        *map(spread, NODES),
        hairpin,
        passed("network.new_service_works", "pod:n1"),
    ]
    found = causes(cluster(results, standing=standing))
    assert "service-dead-endpoint" not in [name for name, _ in found]
    assert ("hairpin-off", ("Node/n1",)) in found


@pytest.mark.parametrize(("rights", "expected"), [(False, ["dashboard-admin"]), (None, [])])
def test_an_account_without_rights_is_no_matter_of_the_way(cluster, rights, expected):
    served = Service("dash", "dash", ("10.96.0.20",), HTTPS, {"k8s-app": "dash"}, ("10.244.4.9",))
    there = Pod("dash", "dash-1", "n5", "Running", ready=True, address="10.244.4.9", host_network=False)
    problem = "" if rights is False else "the login answered nothing"
    login = Login("kube-system/admin-user", problem, Reading(rights))
    board = Dashboard("Dashboard", served, Reading("<html>"), Reading(login))
    said = "ServiceAccount x logs in to Dashboard, but the authorizer says no" if rights is False else problem
    results = [
        *pods_and_nodes(across(ONE, OTHER)),
        failed("addons.dashboard_login", "api", said, ["dash/dash"]),
    ]
    made = cluster(results, dashboards=(board,), pods=(there,))
    assert [name for name, _ in causes(made)] == ["network-partition", *expected]
    assert unexplained(made) == set()


@pytest.mark.parametrize(
    ("check", "cause", "says"),
    [
        (
            "network.large_transfer",
            "mtu-black-hole",
            "large packets are lost between {}, and small ones pass",
        ),
        ("network.pod_to_pod_over_udp", "pod-udp-blocked", "UDP is lost between pods on {}, and TCP passes"),
        ("network.no_packet_loss", "packet-loss", "packets are lost between {}"),
    ],
)
def test_what_else_is_lost_between_groups_is_told_once(cluster, check, cause, says):
    kind = "node" if cause == "packet-loss" else "pod"
    made = cluster([*pods_and_nodes(), *matrix(check, across(ONE, OTHER), kind=kind)])
    [found] = diagnose(made, all_kinds()).causes
    assert found.kind.id == cause
    assert found.finding.says == says.format("nodes n1, n3 and nodes n2, n4, n5")
    assert found.finding.blames == BLAMED
    assert unexplained(made) == set()


def test_of_many_nodes_the_others_are_told_by_their_number(site_at, cluster):
    names = tuple(f"n{number:03}" for number in range(50))
    one = (*names[10:12], names[40])
    cut = across(one, tuple(name for name in names if name not in one))
    results = sampled(site_at, "network.pod_to_pod", names, cut)
    found = the_one(cluster(results, names))
    assert found.finding.says == (f"pods of nodes n010, n011, n040 and pods of the other 47 nodes {APART}")


def sampled(site_at, check, names, cut, kind="pod"):
    results = []
    for source in names:
        asked = site_at(names, source).nodes_to_ask()
        told = [
            Target(to, Outcome.FAILED if (source, to) in cut else Outcome.PASSED, "asked") for to in asked
        ]
        bad = any(each.outcome is Outcome.FAILED for each in told)
        outcome = Outcome.FAILED if bad else Outcome.PASSED
        results.append(judged(check, f"{kind}:{source}", outcome, "some fail", told))
    return results


@pytest.mark.parametrize("number", [100, 1000])
def test_two_halves_of_many_nodes_are_one_cause_in_good_time(site_at, cluster, number):
    names = tuple(f"n{each:03}" for each in range(number))
    half = set(names[: number // 2])

    class Cut:
        def __contains__(self, pair):
            return (pair[0] in half) != (pair[1] in half)

    checks = (
        ("network.pod_to_pod", "pod"),
        ("network.node_to_pod", "node"),
        ("network.pod_to_pod_over_udp", "pod"),
    )
    results = [
        *(each for check, kind in checks for each in sampled(site_at, check, names, Cut(), kind)),
        *sampled(site_at, "network.node_to_node", names, (), "node"),
        # Behind this Service is a pod of every node.
        *(single("network.new_service_works", f"pod:{name}", "10.96.12.34") for name in names),
    ]
    made = cluster(results, names)
    assert made.symptoms  # made once for all causes
    began = time.process_time()
    kind = next(each for each in all_kinds() if each.id == "network-partition")
    [found] = kind.find(made)
    assert time.process_time() - began < 1
    assert found.explains == set(made.symptoms)
    assert len(found.blames) == number
    assert causes(made) == [("network-partition", found.blames)]
