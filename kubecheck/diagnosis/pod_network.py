"""Where pods reach pods, reduced to shapes, and what the nodes' kernels say of the way."""

from __future__ import annotations

from collections.abc import Callable

from kubecheck.checks.vantage import Vantage
from kubecheck.diagnosis.cause import filled
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.geometry import Shape, shapes
from kubecheck.diagnosis.traffic import metrics_nodes
from kubecheck.probes import ForwardingAnswer, ReadForwarding, Route, RouteAnswer

BY_NODES = ("network.node_to_node*", "network.no_packet_loss", "controlplane.*", "certs.*")
"""Nodes asked at their own addresses by other nodes."""
NODES_TOO = "; the nodes themselves do not reach each other either, so it is the network below"
"""What is said of pods whose nodes do not reach each other either."""
BELOW = (
    "on {source}: ip route get {host}; traceroute -n {host}, and look beyond the last hop that answers",
    "in firewalls and routers between nodes: let every node reach every node, TCP {port} and the overlay too",
    "on {source} and {target}: iptables-save -c | grep -e DROP -e REJECT, and delete what drops other nodes",
)
"""What mends the network between nodes."""


def pod_shapes(evidence: Evidence) -> list[Shape]:
    """The shapes of what fails between pods, over TCP, leaving out nodes whose own pod does not run."""
    return shapes(evidence.pairs("network.pod_to_pod", "pod"))


def node_pairs(evidence: Evidence, shape: Shape) -> list[bool]:
    """Of the pairs of nodes whose pods fail in ``shape``, whether the one node itself reaches the other."""
    reached = evidence.pairs("network.node_to_node", "node")
    return [reached[pair] for pair in shape.pairs if pair in reached]


def nodes_fail_too(evidence: Evidence, shape: Shape) -> bool:
    """Whether those nodes were asked, and none reaches the other: then it is no matter of their pods."""
    reached = node_pairs(evidence, shape)
    return bool(reached) and not any(reached)


def below(evidence: Evidence, cut: Callable[[str, str], bool]) -> frozenset[Symptom]:
    """What follows where nodes that are ``cut`` do not reach each other.

    Among it what pods and metrics-server do not get of those nodes and their kubelets.
    """
    asked = evidence.find(*BY_NODES, "network.pod_to_node*")
    seats = metrics_nodes(evidence)
    rows = frozenset(
        s
        for s in evidence.find("addons.node_has_metrics", "addons.node_metrics_fresh")
        if any(cut(seat, s.node) for seat in seats)
    )
    of_pods = evidence.find("addons.pods_have_metrics") if rows else frozenset()
    return frozenset(s for s in asked if cut(s.node, s.to)) | rows | of_pods


def below_pairs(evidence: Evidence, shape: Shape) -> frozenset[Symptom]:
    """The same for the pairs of ``shape``, either way: a connection needs both directions."""
    pairs = {frozenset(pair) for pair in shape.pairs}
    return below(evidence, lambda one, other: frozenset((one, other)) in pairs)


def end_names(evidence: Evidence, source: str, target: str) -> dict[str, str]:
    """Names for the steps of two nodes that stand for all."""
    node = evidence.facts.node(target)
    return {
        "source": source,
        "target": target,
        "address": pod_address(evidence, target),
        "host": node.addresses[0] if node.addresses else "",
        "port": str(node.kubelet_port),
    }


def mend_below(evidence: Evidence, shape: Shape) -> tuple[str, ...]:
    """What mends the network between the nodes of ``shape``, by the pair that stands for all."""
    first = min(shape.pairs, key=lambda pair: (pair[0] not in shape.nodes, pair))
    return tuple(filled(step, end_names(evidence, *first)) for step in BELOW)


def forwards(evidence: Evidence, node: str) -> bool | None:
    """Whether the node forwards IPv4 packets; None where that is not known."""
    answer = evidence.ask(Vantage("node", node), ReadForwarding())
    return answer.ipv4 if isinstance(answer, ForwardingAnswer) else None


def way(evidence: Evidence, source: str, target: str) -> str | None:
    """The device by which ``source`` sends to pods of ``target``; empty without a way, None if not known."""
    address = pod_address(evidence, target)
    return device(evidence, source, address) if address else None


def device(evidence: Evidence, source: str, address: str) -> str | None:
    """The device by which ``source`` sends to ``address``; empty without a way, None if not known."""
    answer = evidence.ask(Vantage("node", source), Route(address))
    return answer.device if isinstance(answer, RouteAnswer) else None


def pod_address(evidence: Evidence, node: str) -> str:
    """The address of the probe pod on ``node``; empty where it has none."""
    probes = evidence.standing.pod_probes if evidence.standing else ()
    return next((probe.address for probe in probes if probe.node == node), "")


def lost_way(evidence: Evidence, source: str, target: str, near: str) -> str:
    """That ``source`` has no route to the pods of ``target``, in another network than its own and ``near``'s.

    Another device than to the pods of ``near`` tells nothing by itself: a tunnel may be for other networks
    only. But where those nearby go by a tunnel, those afar do not go as packets for the node itself do.
    """
    here, usual = way(evidence, source, target), way(evidence, source, near)
    if here == "":
        return f"node {source} has no route to the pods of {target}"
    addresses = evidence.facts.node(target).addresses
    if not here or not usual or usual == here or not addresses:
        return ""
    if device(evidence, source, addresses[0]) != here:
        return ""
    return (
        f"node {source} sends packets for pods of {target} by {here}, and those for pods of {near}"
        f" by {usual}: the route is missing"
    )
