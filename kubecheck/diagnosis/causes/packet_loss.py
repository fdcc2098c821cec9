"""Packets to or from a node are lost, not all of them."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import between
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of, untold_at
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.geometry import shapes
from kubecheck.diagnosis.kubelet_state import REFUSED
from kubecheck.diagnosis.traffic import LOOKUPS, PAIRS, REPLICAS, SERVICES, across, answered, traffic_of
from kubecheck.wording import listed

CHECK = "network.no_packet_loss"
# What goes over the nodes' own network, to other nodes and to kubelets.
NODES = (
    "network.node_to_node*",
    "network.pod_to_node*",
    "controlplane.api_servers_reachable",
    "controlplane.vip_reachable",
    "controlplane.etcd_members_answer",
    "nodes.exec",
    "nodes.logs",
    "nodes.port_forward",
)


@cause(
    title="Packets are lost on the way to a node",
    confirm=(
        "from another node: ping -c 100 -i 0.2 NODE-ADDRESS, and look at the loss",
        "on the node: ip -s link, and ethtool -S DEVICE: errors, drops and overruns that grow",
    ),
    remedy=(
        "on {nodes}: ip -s link; ethtool -S DEVICE: errors that grow are a cable, a port, a card, or a duplex mismatch",
        "on {nodes}: tc -s qdisc; iptables-save -c | grep -i statistic: nothing must drop at random",
        "look at the counters of the switch port, or of the virtual machine's host",
    ),
    source="https://man7.org/linux/man-pages/man5/resolv.conf.5.html",
)
def packet_loss(evidence: Evidence) -> Iterator[Finding]:
    """A cable, a port or an overloaded host drops some of a node's packets.

    Nothing is down. Connections come about, sometimes after a second; lookups over UDP fail now and then, and each
    costs its client five seconds. What fails differs from run to run.
    """
    for shape in shapes(evidence.pairs(CHECK, "node")):
        nodes = sorted(shape.nodes) or sorted({node for pair in shape.pairs for node in pair})
        said = evidence.find(CHECK, failed=True)
        if len(shape.nodes) == 1:
            [node] = shape.nodes
            told = f"on the way to and from node {node}"
            follows = traffic_of(evidence, node) | metrics_of(evidence, node) | _to_or_from(evidence, node)
        else:
            sides = between(shape.groups, nodes, len(evidence.facts.nodes))
            told = f"between {'all nodes' if shape.form == 'overlay' else sides}"
            follows = across(evidence, shape)
        yield Finding(
            says=f"packets are lost {told}",
            blames=tuple(f"Node/{node}" for node in nodes),
            explains=frozenset(s for s in follows if not _refused(s) and not answered(s))
            | frozenset(s for s in said if (s.node, s.to) in shape.pairs),
            confidence=Confidence.CERTAIN,
            names={"nodes": listed(nodes)},
            confirmed=tuple(s.message for s in sorted(said, key=str) if (s.node, s.to) in shape.pairs)[:3],
        )


def _to_or_from(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What is asked over the network at ``node``, or of it, or of a Service that leads there."""
    silent = (s for s in evidence.find("certs.*") if "no answer" in s.message)
    asked = evidence.find(*PAIRS, *REPLICAS, *SERVICES, *LOOKUPS, *NODES).union(silent)
    return untold_at(evidence, node) | {s for s in asked if node in (s.node, s.to) or node in s.behind}


def _refused(symptom: Symptom) -> bool:
    """Whether it was refused: what refuses has got the packets, and its own have come back."""
    return REFUSED in symptom.got or REFUSED in symptom.message
