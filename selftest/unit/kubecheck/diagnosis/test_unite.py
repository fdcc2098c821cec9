"""The same cause at several places is told once, with all whom it blames; nothing else is put together."""

from dataclasses import replace

import pytest

from kubecheck.diagnosis import Cause, Confidence, Kind
from kubecheck.diagnosis.cause import Finding
from kubecheck.diagnosis.evidence import Symptom
from kubecheck.diagnosis.unite import united
from kubecheck.outcomes import Outcome

STEPS = ("on {node}: systemctl restart {unit}", "kubectl delete node {node}", "kubectl get nodes")


def at(node, kind="dead", says="node {} is dead", blames=(), unit="kubelet", remedy=(), **changes):
    found = {"confidence": Confidence.CERTAIN, "confirmed": (f"{node} is silent",)} | changes
    finding = Finding(
        says=says.format(node),
        blames=(*blames, f"Node/{node}"),
        explains=frozenset({Symptom("nodes.x", "api", node, "", Outcome.FAILED, "")}),
        names={"node": node, "unit": unit},
        remedy=remedy,
        **found,
    )
    return Cause(Kind(kind, "It is dead", (), STEPS, "", "", lambda evidence: ()), finding)


def test_one_for_all_blames_and_explains_and_confirms_all():
    three = [at("n2"), at("n10"), at("n1")]
    [one] = united(three)
    assert one.finding.says == "node n1 is dead; likewise for nodes n10, n2"
    assert one.finding.blames == ("Node/n1", "Node/n10", "Node/n2")
    assert one.finding.explains == frozenset().union(*(each.finding.explains for each in three))
    assert one.finding.confirmed == ("n1 is silent", "n10 is silent", "n2 is silent")


def test_a_step_at_the_nodes_is_one_and_a_command_that_names_them_is_one_each():
    [one] = united([at("n1"), at("n10"), at("n2")])
    assert one.remedy == (
        "on nodes n1, n10, n2: systemctl restart kubelet",
        "kubectl delete node n1",
        "kubectl get nodes",
        "kubectl delete node n10",
        "kubectl delete node n2",
    )


def test_a_step_that_differs_by_more_is_told_of_those_nodes_that_have_it():
    [one] = united([at("n1"), at("n2", unit="k3s"), at("n3")])
    assert one.remedy[0] == "on nodes n1, n3: systemctl restart kubelet"
    assert "on n2: systemctl restart k3s" in one.remedy


def test_one_alone_stays_as_it_is():
    alone = at("n1")
    assert united([alone]) == [alone]


def test_six_hundred_are_told_in_short_and_blamed_in_full():
    [one] = united(at(f"n{number:03}") for number in range(600))
    assert one.finding.says.endswith("likewise for 599 more nodes")
    assert len(one.finding.blames) == 600
    assert one.remedy[0] == "on each of the 600 nodes: systemctl restart kubelet"
    assert sum(step.startswith("kubectl delete node") for step in one.remedy) == 600


def test_figures_may_differ_and_each_is_confirmed():
    days = [at("n1", says="{} ends in 3.1 days"), at("n2", says="{} ends in 12 days")]
    [one] = united(days)
    assert one.finding.says == "n1 ends in 3.1 days; likewise for node n2"
    assert one.finding.confirmed == (
        "n1 ends in 3.1 days", "n1 is silent", "n2 ends in 12 days", "n2 is silent",
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        at("n2", kind="ill"),
        at("n2", says="node {} is asleep"),
        at("n2", says="node {} is dead, says n1"),
        at("n2", confidence=Confidence.LIKELY),
        at("n2", blames=("DaemonSet/kube-system/cni",)),
        at("n2", blames=("Node/n3",)),
        at("n1", says="node {} is dead"),
    ],
    ids=["kind", "said", "another named", "confidence", "another blamed", "two blamed", "same node"],
)
def test_what_differs_stays_apart(other):
    one = at("n1")
    assert united([one, other]) == [one, other]


def test_what_only_begins_with_the_name_of_a_node_is_not_it():
    pair = [at("n1", says="{0} and n1.example and n1-b"), at("n2", says="{0} and n1.example and n1-b")]
    [one] = united(pair)
    assert one.finding.says == "n1 and n1.example and n1-b; likewise for node n2"


def test_with_another_object_that_all_blame():
    [one] = united([at("n1", blames=("DaemonSet/x/y",)), at("n2", blames=("DaemonSet/x/y",))])
    assert one.finding.blames == ("DaemonSet/x/y", "Node/n1", "Node/n2")


def test_the_steps_of_a_finding_of_its_own_are_united_too():
    [one] = united(at(node, remedy=(f"on {node}: df -h",)) for node in ("n1", "n2"))
    assert one.remedy == ("on nodes n1, n2: df -h",)


def lost(one, other, says="packets are lost between nodes {0} and {1}", **changes):
    cause = at(one, says=says.format(one, other), blames=(), **changes)
    steps = (f"on {one}, {other}: ip -s link", f"on {one}: ping {other}")
    blames = (f"Node/{one}", f"Node/{other}")
    return replace(cause, finding=replace(cause.finding, blames=blames, remedy=steps))


def test_pairs_of_nodes_are_places_too():
    [one] = united([lost("n1", "n2"), lost("n3", "n4"), lost("n1", "n4")])
    assert one.finding.says == "packets are lost between nodes n1 and n2; likewise for n1 with n4, n3 with n4"
    assert one.finding.blames == ("Node/n1", "Node/n2", "Node/n4", "Node/n3")
    assert one.remedy == (
        "on nodes n1, n2, n4, n3: ip -s link", "on n1: ping n2", "on n1: ping n4", "on n3: ping n4",
    )  # fmt: skip


def test_many_pairs_are_told_in_short():
    [one] = united(lost("n1", f"n{number}") for number in range(2, 40))
    assert one.finding.says.endswith("between nodes n1 and n10; likewise for 37 more pairs of nodes")
    assert one.remedy[0] == "on each of the 39 nodes: ip -s link"
    assert len(one.finding.blames) == 39


@pytest.mark.parametrize(
    "other",
    [
        lost("n3", "n4", says="packets are lost from node {0} to node {1}"),
        lost("n3", "n4", says="packets are lost between nodes {1} and {0}"),
        lost("n3", "n4", confidence=Confidence.LIKELY),
        at("n3", says="packets are lost between nodes {} and n2"),
        lost("n1", "n2"),
    ],
    ids=["said", "the other way round", "confidence", "one node", "same pair"],
)
def test_pairs_of_which_something_else_is_said_stay_apart(other):
    one = lost("n1", "n2")
    assert united([one, other]) == [one, other]
