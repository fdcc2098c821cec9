"""Groups of nodes that do not reach each other."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import named_groups
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.geometry import Pair, Shape, shapes
from kubecheck.diagnosis.pod_network import lost_way, pod_address, pod_shapes
from kubecheck.diagnosis.traffic import across, metrics_nodes

PODS_ONLY = (
    "on {source}: ip route get {address}; put back the routes to the other group's pods, or restart the CNI's pods in both groups",
    "in firewalls and security groups between the groups' subnets, let the overlay pass: UDP 4789 (VXLAN), 8472 (flannel, Cilium), 6081 (Geneve), 51820 (WireGuard), or protocol 4 (IP in IP)",
    "without an overlay between subnets (flannel's host-gw, Calico's encapsulation Never) routers must know the pods' ranges, by a BGP peer in each group: kubectl get ippools -o yaml; calicoctl node status",
)
NODES_TOO = (
    "on {source}: ip route get {host}; traceroute -n {host}, and look beyond the last hop that answers",
    "in firewalls, security groups, routers and VPNs between the groups' subnets: let every node reach every node, TCP {port} and the overlay's protocol among it",
    "on {target}: iptables-save -c | grep -e DROP -e REJECT, or nft list ruleset, and delete what drops the other group's subnet",
)
BY_NODES = ("network.node_to_node*", "network.no_packet_loss", "controlplane.*", "certs.*")
"""Nodes asked at their own addresses by other nodes."""


@cause(
    title="Groups of nodes are apart",
    confirm=(
        "do the nodes themselves reach each other? on {source}: nc -w 3 {host} {port} </dev/null && echo open",
        "on {source}: ip route get {address}, and compare with the way to a pod of its own group",
        "on {source} and {target}: tcpdump -ni any host OTHER-NODE, and let a pod of the one ask a pod of the other",
    ),
    remedy=(*PODS_ONLY, *NODES_TOO),
    source="https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model",
)
def network_partition(evidence: Evidence) -> Iterator[Finding]:
    """Within each group of nodes all is well, and nothing passes from one to another: racks, subnets, sites.

    Where the nodes themselves reach each other, it is the pod network: its tunnel is dropped on the way, or the
    routes to the other group's pods are missing. Where they do not, it is what lies below: a firewall, or routes.
    Services work or fail by the group that they lead to, and lookups with them.
    """
    nodes = evidence.pairs("network.node_to_node", "node")
    pods = evidence.pairs("network.pod_to_pod", "pod")
    apart = [shape for shape in pod_shapes(evidence) if shape.groups]
    for shape in apart:
        yield _pods_apart(evidence, shape, [nodes[pair] for pair in shape.pairs if pair in nodes])
    for shape in shapes(nodes):
        if shape.groups and not any(all(each.parts(*pair) for pair in shape.pairs) for each in apart):
            yield _nodes_apart(evidence, shape, [pods[pair] for pair in shape.pairs if pair in pods])


def _pods_apart(evidence: Evidence, shape: Shape, nodes: list[bool]) -> Finding:
    """``nodes`` says of pairs of these pods' nodes whether the one reaches the other."""
    follows = across(evidence, shape) | _asked(evidence, shape, "network.pod_to_node*")
    if not nodes:
        return _finding(evidence, shape, "pods of ", "", follows)
    if not any(nodes):
        said = "; nor do the nodes themselves, so it is the network below"
        return _finding(evidence, shape, "pods of ", said, follows | _below(evidence, shape), NODES_TOO)
    if not all(nodes):
        said = f"; of the nodes themselves {nodes.count(False)} of {len(nodes)} pairs do not either"
        return _finding(evidence, shape, "pods of ", said, follows)
    said = "; the nodes themselves reach each other, so it is the pod network between them"
    return _finding(evidence, shape, "pods of ", said, follows, PODS_ONLY, _lost_ways(evidence, shape))


def _nodes_apart(evidence: Evidence, shape: Shape, pods: list[bool]) -> Finding:
    """``pods`` says of pairs of these nodes whether their pods reach each other."""
    follows = _below(evidence, shape) | _asked(evidence, shape, "network.pod_to_node*")
    said = "; their pods do, so something closes the nodes' own ports" if pods and all(pods) else ""
    return _finding(evidence, shape, "", said, follows, NODES_TOO)


def _finding(
    evidence: Evidence,
    shape: Shape,
    whose: str,
    more: str,
    explains: frozenset[Symptom],
    remedy: tuple[str, ...] = (*PODS_ONLY, *NODES_TOO),
    confirmed: tuple[str, ...] = (),
) -> Finding:
    groups = [whose + group for group in named_groups(shape.groups, len(evidence.facts.nodes))]
    said = (
        f"{groups[0]} do not reach {groups[1]}, which do reach them"
        if shape.form == "one-way"
        else f"{', '.join(groups[:-1])} and {groups[-1]} do not reach each other, and within each group they do"
    )
    source, target = _example(shape)
    node = evidence.facts.node(target)
    names = {
        "source": source,
        "target": target,
        "address": pod_address(evidence, target),
        "host": node.addresses[0] if node.addresses else "",
        "port": str(node.kubelet_port),
    }
    return Finding(
        says=said + more,
        blames=tuple(f"Node/{name}" for name in shape.nodes),
        explains=explains,
        confidence=Confidence.CERTAIN if confirmed else Confidence.LIKELY,
        names=names,
        confirmed=confirmed,
        remedy=tuple(filled(step, names) for step in remedy),
    )


def _example(shape: Shape) -> Pair:
    """The pair that stands for all: from the group that is named first, where that was asked."""
    return min(shape.pairs, key=lambda pair: (pair[0] not in shape.groups[0], pair))


def _asked(evidence: Evidence, shape: Shape, *checks: str) -> frozenset[Symptom]:
    """The symptoms of nodes that are asked from another group."""
    return frozenset(s for s in evidence.find(*checks) if shape.parts(s.node, s.to))


def _below(evidence: Evidence, shape: Shape) -> frozenset[Symptom]:
    """What follows where nodes do not reach nodes; among it what metrics-server does not get of kubelets."""
    seats = metrics_nodes(evidence)
    rows = frozenset(
        s
        for s in evidence.find("addons.node_has_metrics", "addons.node_metrics_fresh")
        if any(shape.parts(seat, s.node) for seat in seats)
    )
    of_pods = evidence.find("addons.pods_have_metrics") if rows else frozenset()
    return _asked(evidence, shape, *BY_NODES) | rows | of_pods


def _lost_ways(evidence: Evidence, shape: Shape) -> tuple[str, ...]:
    """What two nodes that stand for all say of the way to each other's pods, where it is wrong."""
    pair = _example(shape)
    found = []
    for source, target in (pair, pair[::-1]):
        near = next(node for group in shape.groups if source in group for node in group if node != source)
        found.append(lost_way(evidence, source, target, near))
    return tuple(told for told in found if told)
