"""What is known of a node's kubelet: does it report, is the machine there, what became of its port."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kubecheck.checks import CannotTell, Ping, PingAnswer, TcpAnswer, TcpConnect, Vantage
from kubecheck.cluster.objects import Node
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.probes import Answer, Question

ASKED = 3  # nodes that are asked for one more look
REPORTS = 45.0  # seconds; a kubelet renews its Lease every 10, and 40 without make its node NotReady
MISSED_ONE = 20.0  # seconds after which a kubelet that refuses connections is dead, and no firewall refuses
REFUSED = "connection refused"


def reports(evidence: Evidence, node: Node, within: float = REPORTS) -> bool:
    """Whether the kubelet renews its Lease; where that is not known, whether the node is Ready."""
    leases = evidence.facts.leases.found
    lease = leases.nodes.get(node.name) if leases else None
    if leases is None or lease is None or not lease.renewed:
        return node.ready
    return node.ready_condition.status != "Unknown" and leases.age(lease) <= within


def silent(evidence: Evidence) -> list[Node]:
    """The nodes whose kubelets have stopped reporting, or are known not to run."""
    return [
        node
        for node in evidence.facts.nodes
        if node.ready_condition.status == "Unknown"
        or (not reports(evidence, node) and not _answers(evidence, node))
        or (REFUSED in _problem(evidence, node) and not reports(evidence, node, MISSED_ONE))
    ]


def port_seen(evidence: Evidence, node: Node) -> list[TcpAnswer]:
    """What other nodes get at the kubelet's port of ``node``; a few of them are asked."""
    asked = _seen(evidence, node, lambda address: TcpConnect(address, node.kubelet_port))
    return [answer for answer in asked if isinstance(answer, TcpAnswer)]


def pinged(evidence: Evidence, node: Node) -> list[PingAnswer]:
    """What other nodes get who ping ``node``, as far as that tells anything; a few of them are asked."""
    asked = _seen(evidence, node, Ping)
    return [answer for answer in asked if isinstance(answer, PingAnswer) and answer.conclusive]


def _seen(evidence: Evidence, node: Node, question: Callable[[str], Question]) -> list[Answer]:
    """What other nodes get who ask a question of the address of ``node``; a few of them are asked."""
    if not node.addresses or evidence.standing is None:
        return []
    runs = {probe.node for probe in evidence.standing.probes if probe.network == "node" and not probe.problem}
    others = [each for each in evidence.facts.probed_nodes if each.name in runs - {node.name}]
    what = question(node.addresses[0])
    with ThreadPoolExecutor(ASKED) as pool:  # each waits for as long as a question may
        said = list(pool.map(lambda each: evidence.ask(Vantage("node", each.name), what), others[:ASKED]))
    return [answer for answer in said if not isinstance(answer, CannotTell)]


def refused(evidence: Evidence, node: Node) -> str:
    """Who says that the machine answers and nobody listens at the kubelet's port; empty when nobody does."""
    problem = _problem(evidence, node)
    if REFUSED in problem:
        return problem
    return next((answer.told("a TCP connection") for answer in port_seen(evidence, node)
                 if answer.got == REFUSED), "")  # fmt: skip


def unreachable(evidence: Evidence, node: Node) -> str:
    """Who says that nothing at all answers at the node's address; empty when something does.

    A port that is silent may be a firewall's doing: whatever else has come back from there counts as well.
    """
    problem = _problem(evidence, node)
    if REFUSED in problem or node.name in evidence.answering:
        return ""
    seen = port_seen(evidence, node)
    if any(answer.connected or answer.got == REFUSED for answer in seen):
        return ""
    if any(answer.replied for answer in pinged(evidence, node)):
        return ""
    if seen:
        return seen[0].told("a TCP connection")
    lost = ("i/o timeout", "no route to host", "deadline exceeded", "host is down")
    return problem if any(word in problem for word in lost) else ""


def cut_off(evidence: Evidence) -> list[Node]:
    """The nodes whose kubelets run, and answer API servers, and yet have stopped reporting to them.

    None unless it is most of the nodes: then it is not they, but what they all connect to.
    """
    facts = evidence.facts
    found = [node for node in facts.nodes if _answers(evidence, node) and not reports(evidence, node)]
    return found if len(found) * 2 > len(facts.nodes) else []


def _answers(evidence: Evidence, node: Node) -> bool:
    """Whether the kubelet has answered API servers, be it that it could not ask them what they may."""
    reading = evidence.facts.kubelets.get(node.name)
    return bool(reading and reading.found) or "Authorization error" in _problem(evidence, node)


def _problem(evidence: Evidence, node: Node) -> str:
    reading = evidence.facts.kubelets.get(node.name)
    return reading.problem if reading and reading.found is None else ""
