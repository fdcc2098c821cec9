"""Pods of one node are cut off from those of all others."""

from collections.abc import Iterator, Mapping

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import Pair
from kubecheck.diagnosis.pod_network import (
    NODES_TOO,
    below_pairs,
    forwards,
    mend_below,
    nodes_fail_too,
    pod_shapes,
)
from kubecheck.diagnosis.traffic import around

WORDS = {
    "node": "pods on node {node} reach no pod of another node, and no other pod reaches them",
    "source": "pods on node {node} reach no pod of another node",
    "target": "no pod of another node reaches pods on node {node}",
}


@cause(
    title="A node's pods are cut off",
    confirm=(
        "on the node: iptables -S FORWARD, and iptables-save -c | grep -e DROP -e REJECT",
        "on the node: ip route; ip -d link, and compare with another node",
    ),
    remedy=(
        "on {node}, if `iptables -S FORWARD` begins with -P FORWARD DROP: iptables -P FORWARD ACCEPT",
        "on {node}: iptables-save -c | grep -e DROP -e REJECT, and delete what drops the pods' packets",
        "on {node}: look at the CNI's pod and its log, and restart it: kubectl -n kube-system get pods -o wide",
    ),
    source="https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model",
)
def pod_network_blocked(evidence: Evidence) -> Iterator[Finding]:
    """A firewall, a FORWARD policy of DROP (Docker sets one when it starts), or the CNI at fault on one node.

    The node is Ready and its pods run, so the scheduler goes on putting pods there, where they reach nothing.
    """
    from_nodes = evidence.pairs("network.node_to_pod", "node")
    over_udp = evidence.pairs("network.pod_to_pod_over_udp", "pod")
    for shape in pod_shapes(evidence):
        if shape.form not in WORDS or forwards(evidence, shape.nodes[0]) is False:
            continue
        if all(over_udp.get(pair) for pair in shape.pairs):
            continue  # the way is open, so it is a port of its pods that is closed
        node = shape.nodes[0]
        nodes_too = nodes_fail_too(evidence, shape)
        says = WORDS[shape.form].format(node=node)
        follows = around(evidence, node)
        yield Finding(
            says=says + (NODES_TOO if nodes_too else _of_itself(from_nodes, node)),
            blames=(f"Node/{node}",),
            explains=follows | below_pairs(evidence, shape) if nodes_too else follows,
            confidence=Confidence.LIKELY,
            names={"node": node},
            remedy=mend_below(evidence, shape) if nodes_too else (),
        )


def _of_itself(from_nodes: Mapping[Pair, bool], node: str) -> str:
    """What is said of the node's own way to pods of others; nothing where none could be asked."""
    own = [reached for (source, target), reached in from_nodes.items() if source == node != target]
    if not own:
        return ""
    return f"; the node itself {'does reach the others' if all(own) else 'does not reach them either'}"
