"""A cluster whose nodes are in two groups, and what its checks say."""

from dataclasses import replace
from itertools import product

from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Pod, Service, ServicePort
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import (
    evidence,
    failed,
    judged,
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


def parted(results, names=NODES, **more):
    """The evidence of results in a cluster of five nodes: masters n1 and n2, DNS on n3 and n5."""
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
