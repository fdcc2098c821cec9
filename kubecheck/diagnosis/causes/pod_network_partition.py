"""Pods of one group of nodes do not reach those of another, and within each group all is well."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import between
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import Pair
from kubecheck.diagnosis.pod_network import pod_address, pod_shapes
from kubecheck.diagnosis.traffic import crossing

BELOW = (
    "network.node_to_node*",
    "network.no_packet_loss",
    "network.pod_to_node*",
)
"""What goes between the nodes themselves."""

TOLD = {
    True: ", though the nodes themselves reach each other: its overlay does not get through",
    False: ", and neither do the nodes themselves: the network below is cut",
    None: "",
}


@cause(
    title="The pod network is apart between groups of nodes",
    confirm=(
        "kubectl get nodes -o wide: do the groups lie in different subnets, racks or zones?",
        "from a node of one group: ping a node of the other; then ping a pod there",
        "on a node of each group: tcpdump -ni any host OTHER-NODE, while a pod of one asks a pod of the other",
    ),
    remedy=(
        "let the overlay's packets pass between the groups: UDP 4789 or 8472 (VXLAN), IP in IP (protocol 4), WireGuard",
        "where pods' addresses are routed: give each subnet's router the other's pod CIDRs, or let nodes speak BGP across",
        "on {node}: ip route get {address}; then what drops it on the way: a security group, a firewall between subnets",
    ),
    source="https://docs.tigera.io/calico/latest/networking/determine-best-networking",
)
def pod_network_partition(evidence: Evidence) -> Iterator[Finding]:
    """A firewall or a missing route lies between two parts of the cluster, such as racks, subnets or zones.

    Whatever has its replicas on both sides seems to work now and then: a Service chooses an endpoint of the
    other side for some connections, and those time out. Where the nodes themselves reach each other, only the
    pod network is cut, most often because its overlay is not let through.
    """
    for shape in pod_shapes(evidence):
        if shape.form == "partition":
            nodes_reach = _nodes_reach(evidence, shape.pairs)
            also = frozenset(s for s in evidence.find(*BELOW) if (s.node, s.to) in shape.pairs)
            yield Finding(
                says=f"no pod reaches another {between(shape, shape.nodes)}{TOLD[nodes_reach]}",
                blames=tuple(f"Node/{name}" for name in shape.nodes),
                explains=crossing(evidence, shape.pairs) | (also if nodes_reach is False else frozenset()),
                confidence=Confidence.LIKELY,
                names={
                    "node": shape.groups[0][0],
                    "address": pod_address(evidence, shape.groups[-1][0]),
                },
            )


def _nodes_reach(evidence: Evidence, pairs: frozenset[Pair]) -> bool | None:
    """Whether the nodes themselves reach each other across; None where that differs or could not be told."""
    told = {ok for pair, ok in evidence.pairs("network.node_to_node", "node").items() if pair in pairs}
    return told.pop() if len(told) == 1 else None
