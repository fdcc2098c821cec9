"""Groups of nodes that do not reach each other."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import named_groups
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.geometry import Pair, Shape, shapes
from kubecheck.diagnosis.pod_network import below, end_names, lost_way, node_pairs, pod_shapes
from kubecheck.diagnosis.traffic import across

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
        yield _pods_apart(evidence, shape, node_pairs(evidence, shape))
    for shape in shapes(nodes):
        if shape.groups and not any(all(each.parts(*pair) for pair in shape.pairs) for each in apart):
            yield _nodes_apart(evidence, shape, [pods[pair] for pair in shape.pairs if pair in pods])


def _pods_apart(evidence: Evidence, shape: Shape, nodes: list[bool]) -> Finding:
    """``nodes`` says of pairs of these pods' nodes whether the one reaches the other."""
    asked = evidence.find("network.pod_to_node*")
    follows = across(evidence, shape) | {s for s in asked if shape.parts(s.node, s.to)}
    if not nodes:
        return _finding(evidence, shape, "pods of ", "", follows)
    if not any(nodes):
        said = "; nor do the nodes themselves, so it is the network below"
        return _finding(evidence, shape, "pods of ", said, follows | below(evidence, shape.parts), NODES_TOO)
    if not all(nodes):
        said = f"; of the nodes themselves {nodes.count(False)} of {len(nodes)} pairs do not either"
        return _finding(evidence, shape, "pods of ", said, follows)
    said = "; the nodes themselves reach each other, so it is the pod network between them"
    return _finding(evidence, shape, "pods of ", said, follows, PODS_ONLY, _lost_ways(evidence, shape))


def _nodes_apart(evidence: Evidence, shape: Shape, pods: list[bool]) -> Finding:
    """``pods`` says of pairs of these nodes whether their pods reach each other."""
    follows = below(evidence, shape.parts)
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
    names = end_names(evidence, source, target)
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


def _lost_ways(evidence: Evidence, shape: Shape) -> tuple[str, ...]:
    """What two nodes that stand for all say of the way to each other's pods, where it is wrong."""
    pair = _example(shape)
    found = []
    for source, target in (pair, pair[::-1]):
        near = next(node for group in shape.groups if source in group for node in group if node != source)
        found.append(lost_way(evidence, source, target, near))
    return tuple(told for told in found if told)
