"""Groups of nodes that are apart: what follows from it, and what is another cause."""

from dataclasses import replace

import pytest

from kubecheck.cluster.dashboard import Dashboard, Login
from kubecheck.cluster.objects import Condition, Pod, Service, Usage
from kubecheck.cluster.reading import Reading
from kubecheck.fleet.standing import Peer
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_standing
from selftest.unit.kubecheck.diagnosis.made import (
    causes,
    failed,
    passed,
    unexplained,
    unknown,
)
from selftest.unit.kubecheck.diagnosis.parted import (
    BLAMED,
    DNS,
    HTTPS,
    NODES,
    ONE,
    OTHER,
    across,
    cut_off,
    matrix,
    parted,
    pods_and_nodes,
    single,
    the_one,
)


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


def test_all_that_leads_to_the_other_side_follows():
    made = parted(follows(across(ONE, OTHER)), metrics_api=Condition("Available", "False", "x"))
    found = the_one(made)
    assert found.finding.explains == set(made.symptoms)


@pytest.mark.parametrize(
    "other",
    [
        Target("n5", Outcome.FAILED, "GET"),  # a pod of the same group
        Target("n4", Outcome.FAILED, "GET"),  # on the node itself
    ],
)
def test_what_stays_within_a_group_does_not_follow(other):
    results = [
        *follows(across(ONE, OTHER)),
        failed("network.network_policy_is_enforced", "pod:n4", "x", [other]),
    ]
    made = parted(results, metrics_api=Condition("Available", "False", "x"))
    assert unexplained(made) == {"network.network_policy_is_enforced@pod:n4"}


def test_a_single_row_of_metrics_does_not_follow_where_nodes_reach_each_other():
    row = failed("addons.node_has_metrics", "api:n2", "kubectl top node has no row for n2")
    made = parted([*pods_and_nodes(across(ONE, OTHER)), row])
    assert unexplained(made) == {"addons.node_has_metrics@api:n2"}


def test_what_goes_from_node_to_node_follows_where_they_do_not():
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
    made = parted(
        results,
        answers=asked,
        node_usage=dict.fromkeys(ONE, usage),
        metrics_api=Condition("Available", "False", "x"),
    )
    assert causes(made) == [("network-partition", BLAMED)]
    assert unexplained(made) == set()


def test_another_fault_of_one_node_is_another_cause():
    results = [
        *follows(across(ONE, OTHER)),
        failed("addons.kube_proxy_healthy", "node:n4", "connection refused"),
    ]
    made = parted(results, metrics_api=Condition("Available", "False", "x"))
    assert causes(made) == [("network-partition", BLAMED), ("kube-proxy-down", ("Node/n4",))]


@pytest.mark.parametrize("pair", [("n4", "n5"), ("n2", "n5")])
def test_a_pair_within_a_group_is_another_cause(pair):
    made = parted(pods_and_nodes(across(ONE, OTHER) | across(pair[:1], pair[1:])))
    assert causes(made) == [
        ("network-partition", BLAMED),
        ("pod-path-broken", tuple(f"Node/{node}" for node in pair)),
    ]


def test_a_node_that_is_cut_off_is_another_cause():
    made = parted(pods_and_nodes(across(ONE, ("n2", "n5")) | cut_off("n4")))
    assert sorted(causes(made)) == [
        ("network-partition", ("Node/n1", "Node/n2", "Node/n3", "Node/n5")),
        ("pod-network-blocked", ("Node/n4",)),
    ]
    assert unexplained(made) == set()


def test_a_node_that_is_down_is_another_cause():
    cut = across(ONE, ("n2", "n5"))
    nodes = matrix("network.node_to_node", {(n, "n4") for n in NODES if n != "n4"}, kind="node")
    results = [
        *matrix("network.pod_to_pod", cut, untold=["n4"]),
        *[each for each in nodes if each.vantage != "node:n4"],
        failed("nodes.node_ready", "api:n4", "node n4 is Ready=Unknown"),
    ]
    made = parted(results)
    gone = Condition("Ready", "Unknown", "x", "Kubelet stopped posting node status.")
    nodes = tuple(replace(n, conditions=(gone,)) if n.name == "n4" else n for n in made.facts.nodes)
    probes = [replace(p, problem="not Ready") if p.node == "n4" else p for p in make_standing(NODES).probes]
    standing = replace(make_standing(NODES), probes=tuple(probes))
    lost = Reading(problem="dial tcp 192.0.2.4:10250: i/o timeout")
    made = parted(results, nodes=nodes, standing=standing, kubelets={"n4": lost})
    assert sorted(causes(made)) == [
        ("network-partition", ("Node/n1", "Node/n2", "Node/n3", "Node/n5")),
        ("node-down", ("Node/n4",)),
    ]
    assert unexplained(made) == set()


@pytest.mark.parametrize("name", ["coredns-a", "coredns-b"])
def test_a_dns_server_that_nobody_gets_an_answer_of_is_another_cause(name):
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
    made = parted([*pods_and_nodes(cut), *asked])
    assert sorted(causes(made)) == [
        ("dns-replica-broken", (f"Pod/kube-system/{name}",)),
        ("network-partition", BLAMED),
    ]


def test_endpoints_of_ones_own_group_are_not_silent():
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
    found = causes(parted(results, standing=standing))
    assert "service-dead-endpoint" not in [name for name, _ in found]
    assert ("hairpin-off", ("Node/n1",)) in found


@pytest.mark.parametrize(("rights", "expected"), [(False, ["dashboard-admin"]), (None, [])])
def test_an_account_without_rights_is_no_matter_of_the_way(rights, expected):
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
    made = parted(results, dashboards=(board,), pods=(there,))
    assert [name for name, _ in causes(made)] == ["network-partition", *expected]
    assert unexplained(made) == set()
