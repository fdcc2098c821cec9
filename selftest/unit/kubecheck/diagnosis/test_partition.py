"""Groups of nodes that are apart: what is said of them."""

import time

import pytest

from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.diagnosis.made import (
    causes,
    judged,
    unexplained,
)
from selftest.unit.kubecheck.diagnosis.parted import (
    APART,
    BLAMED,
    NODES,
    ONE,
    OTHER,
    across,
    cut_off,
    matrix,
    parted,
    pod,
    pods_and_nodes,
    single,
    the_one,
)


def test_where_nodes_reach_each_other_it_is_the_pod_network():
    found = the_one(parted(pods_and_nodes(across(ONE, OTHER))))
    assert found.finding.says == (
        f"pods of nodes n1, n3 and pods of nodes n2, n4, n5 {APART}; the nodes themselves reach each other,"
        " so it is the pod network between them"
    )
    assert found.finding.blames == BLAMED
    assert found.finding.confidence is Confidence.LIKELY
    assert found.remedy[0].startswith("on n1: ip route get 10.244.1.5; ")
    assert "VXLAN" in found.remedy[1]
    assert not any("traceroute" in step for step in found.remedy)


def test_where_nodes_do_not_it_is_the_network_below():
    cut = across(ONE, OTHER)
    found = the_one(parted(pods_and_nodes(cut, cut)))
    assert found.finding.says.endswith("; nor do the nodes themselves, so it is the network below")
    assert found.finding.blames == BLAMED
    assert found.remedy[0].startswith("on n1: ip route get 192.0.2.2; traceroute -n 192.0.2.2")
    assert not any("calicoctl" in step for step in found.remedy)


def test_what_is_not_known_of_the_nodes_is_not_told():
    cut = across(ONE, OTHER)
    found = the_one(parted(matrix("network.pod_to_pod", cut)))
    assert "themselves" not in found.finding.says
    assert all(any(word in step for step in found.remedy) for word in ("VXLAN", "traceroute"))
    some = {("n1", "n2"), ("n2", "n1")}
    made = parted(pods_and_nodes(cut, some))
    [found, *_] = diagnose(made, all_kinds()).causes
    assert found.finding.says.endswith("; of the nodes themselves 2 of 12 pairs do not either")
    assert unexplained(made) == {"network.node_to_node@node:n1", "network.node_to_node@node:n2"}


def test_one_way():
    results = pods_and_nodes({(one, other) for one, other in across(ONE, OTHER) if one in OTHER})
    found = the_one(parted(results))
    assert found.finding.says.startswith(
        "pods of nodes n2, n4, n5 do not reach pods of nodes n1, n3, which do reach them; the nodes"
    )
    assert found.finding.blames == BLAMED


def test_three_groups():
    names = (*NODES, "n6", "n7")
    groups = (ONE, OTHER, ("n6", "n7"))
    results = [
        *matrix("network.pod_to_pod", across(*groups), nodes=names),
        *matrix("network.node_to_node", kind="node", nodes=names),
    ]
    found = the_one(parted(results, names))
    assert found.finding.says.startswith(
        f"pods of nodes n1, n3, pods of nodes n6, n7 and pods of nodes n2, n4, n5 {APART}"
    )
    assert found.finding.blames == (*BLAMED, "Node/n6", "Node/n7")


def test_two_subnets_of_workers_that_the_masters_reach():
    names = (*NODES, "n6", "n7")
    cut = across(("n4", "n5"), ("n6", "n7"))
    results = [
        *matrix("network.pod_to_pod", cut, nodes=names),
        *matrix("network.node_to_node", cut, kind="node", nodes=names),
    ]
    found = the_one(parted(results, names))
    assert found.finding.says.startswith(
        "pods of nodes n4, n5 and pods of nodes n6, n7 do not reach each other"
    )


def test_nodes_that_are_apart_though_their_pods_are_not():
    made = parted(pods_and_nodes(nodes=across(ONE, OTHER)))
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
def test_a_missing_route_is_confirmed_by_the_node_itself(afar, near, below, told):
    ways = answers([(("n1", pod("n2")), afar), (("n1", pod("n3")), near), (("n1", "192.0.2.2"), below)])
    found = the_one(parted(pods_and_nodes(across(ONE, OTHER)), answers=ways))
    assert found.finding.confidence is (Confidence.CERTAIN if told else Confidence.LIKELY)
    assert told in "; ".join(found.finding.confirmed)
    assert len(found.finding.confirmed) == bool(told)


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
def test_what_else_is_lost_between_groups_is_told_once(check, cause, says):
    kind = "node" if cause == "packet-loss" else "pod"
    made = parted([*pods_and_nodes(), *matrix(check, across(ONE, OTHER), kind=kind)])
    [found] = diagnose(made, all_kinds()).causes
    assert found.kind.id == cause
    assert found.finding.says == says.format("nodes n1, n3 and nodes n2, n4, n5")
    assert found.finding.blames == BLAMED
    assert unexplained(made) == set()


def test_of_many_nodes_the_others_are_told_by_their_number(site_at):
    names = tuple(f"n{number:03}" for number in range(50))
    one = (*names[10:12], names[40])
    cut = across(one, tuple(name for name in names if name not in one))
    results = sampled(site_at, "network.pod_to_pod", names, cut)
    found = the_one(parted(results, names))
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
def test_two_halves_of_many_nodes_are_one_cause_in_good_time(site_at, number):
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
    made = parted(results, names)
    assert made.symptoms  # made once for all causes
    began = time.process_time()
    kind = next(each for each in all_kinds() if each.id == "network-partition")
    [found] = kind.find(made)
    assert time.process_time() - began < 1
    assert found.explains == set(made.symptoms)
    assert len(found.blames) == number
    assert causes(made) == [("network-partition", found.blames)]


PATH = across(("n1",), ("n3",))
EVERYTHING = across(*((name,) for name in NODES))


class TestNodesThatDoNotReachEachOther:
    @pytest.mark.parametrize(
        ("kind", "cut", "blamed"),
        [
            ("overlay-down", EVERYTHING, ("Network/nodes",)),
            ("pod-path-broken", PATH, ("Node/n1", "Node/n3")),
            ("pod-network-blocked", cut_off("n3"), ("Node/n3",)),
        ],
    )
    def test_it_is_the_network_below_their_pods(self, kind, cut, blamed):
        made = parted([*pods_and_nodes(cut, cut), *matrix("network.node_to_node_by_ping", cut, kind="node")])
        [found] = diagnose(made, all_kinds()).causes
        assert (found.kind.id, found.finding.blames) == (kind, blamed)
        assert found.finding.says.endswith("so it is the network below")
        assert any("traceroute" in step for step in found.remedy)
        assert not unexplained(made)

    @pytest.mark.parametrize("cut", [EVERYTHING, PATH, cut_off("n3")])
    def test_it_is_the_pods_network_where_they_do(self, cut):
        [found] = diagnose(parted(pods_and_nodes(cut)), all_kinds()).causes
        assert "network below" not in found.finding.says
        assert not any("traceroute" in step for step in found.remedy)

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (matrix("network.node_to_pod", kind="node"), "the node itself does reach the others"),
            (matrix("network.node_to_pod", cut_off("n3"), kind="node"), "does not reach them either"),
            (matrix("network.node_to_pod", kind="node", untold=NODES), "no other pod reaches them"),
        ],
    )
    def test_what_is_said_of_the_node_itself_was_asked(self, asked, said):
        made = parted([*matrix("network.pod_to_pod", cut_off("n3")), *asked])
        [found] = diagnose(made, all_kinds()).causes
        assert found.finding.says.endswith(said)
