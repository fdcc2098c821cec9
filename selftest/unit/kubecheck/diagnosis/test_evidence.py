"""Symptoms: what failed, where, and whom it concerns."""

from dataclasses import replace

import pytest

from kubecheck.cluster.objects import Service, ServicePort
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, passed, unknown


def bad(name, asked, address, got="no answer"):
    return Target(name, Outcome.FAILED, asked, address, got)


def test_each_target_is_a_symptom_of_its_own_with_its_part_of_the_message(facts):
    message = "2 of 3 fail: node1, node2\nnode1: refused\nnode2: silent"
    [one, other] = evidence([failed("network.x", "pod:node1", message, ["node1", "node2"])], facts).symptoms
    assert (one.target, one.message, one.to) == ("node1", "refused", "node1")
    assert (other.target, other.message, other.to) == ("node2", "silent", "node2")


def test_a_result_without_targets_is_one_symptom(facts):
    [symptom] = evidence([failed("dns.x", "api", "it is not so"), passed("dns.y")], facts).symptoms
    assert (symptom.target, symptom.message, symptom.vantage) == ("", "it is not so", "api")


@pytest.mark.parametrize(
    ("address", "to", "service"),
    [("10.244.1.5", "node2", ""), ("10.96.0.1", "", "default/kubernetes"), ("203.0.113.1", "", "")],
)
def test_an_address_tells_whom_it_concerns(facts, standing, address, to, service):
    result = failed("network.x", "pod:node1", "no", [bad("", f"tcp {address}:80", address)])
    [symptom] = evidence([result], facts, standing=standing).symptoms
    assert (symptom.to, symptom.service) == (to, service)


def test_a_node_port_is_its_service_at_that_node(facts, standing):
    nodes = tuple(replace(n, addresses=(f"192.0.2.{i}",)) for i, n in enumerate(facts.nodes, 1))
    standing = replace(standing, node_port=30123)
    result = failed(
        "network.node_port", "pod:node1", "no", [bad("node2", "GET http://192.0.2.2:30123/", "192.0.2.2")]
    )
    [symptom] = evidence([result], facts, standing=standing, nodes=nodes).symptoms
    assert (symptom.to, symptom.service) == ("node2", f"{standing.namespace}/node-port")
    assert symptom.behind == {"node1", "node2"}


def test_a_service_knows_the_nodes_behind_it(facts):
    service = Service(
        "kube-system", "kube-dns", ("10.96.0.10",), (ServicePort("dns", "UDP", 53),), {}, ("10.244.1.2",)
    )
    result = failed("network.x", "node:node2", "no", [bad("", "dns", "10.96.0.10")])
    [symptom] = evidence([result], facts, dns_service=service).symptoms
    assert (symptom.service, symptom.behind) == ("kube-system/kube-dns", {"node1"})


def test_find_narrows_by_everything_that_is_named(facts):
    made = evidence(
        [
            failed("network.a", "pod:node1", "x", ["node1", "node2"]),
            unknown("network.a", "pod:node2", "x", ["node1"]),
            failed("network.b", "node:node1"),
        ],
        facts,
    )
    assert len(made.find("network.*")) == 4
    assert len(made.find("network.a", node="node1", to="node2")) == 1
    assert len(made.find("network.a", failed=True)) == 2
    assert len(made.find("network.*", kind="node")) == 1


def test_pairs_hold_what_was_told_and_the_worst_of_two_families(facts):
    targets = [
        Target("node1", Outcome.PASSED), Target("node2", Outcome.PASSED),
        Target("node2 over IPv6", Outcome.FAILED),
    ]  # fmt: skip
    made = evidence(
        [failed("network.p", "pod:node1", "x", targets), unknown("network.p", "pod:node2")], facts
    )
    assert made.pairs("network.p", "pod") == {("node1", "node1"): True, ("node1", "node2"): False}


def test_a_name_is_not_found_inside_a_longer_one(facts):
    [symptom] = evidence([failed("nodes.x", "api", "node10 and my-node1 are bad")], facts).symptoms
    assert not symptom.touches("node1")
    assert symptom.touches("node10")
