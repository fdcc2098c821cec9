"""Packets to or from a node are lost, not all of them."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import between
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import shapes
from kubecheck.diagnosis.traffic import across, around
from kubecheck.wording import listed

CHECK = "network.no_packet_loss"


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
            follows = around(evidence, node) | frozenset(
                s
                for s in evidence.find(
                    "network.*", "dns.*", "addons.*", "nodes.*", "certs.*", "controlplane.*"
                )
                if node in (s.node, s.to) or node in s.behind
            )
        else:
            sides = between(shape.groups, nodes, len(evidence.facts.nodes))
            told = f"between {'all nodes' if shape.form == 'overlay' else sides}"
            follows = across(evidence, shape)
        yield Finding(
            says=f"packets are lost {told}",
            blames=tuple(f"Node/{node}" for node in nodes),
            explains=follows | frozenset(s for s in said if (s.node, s.to) in shape.pairs),
            confidence=Confidence.CERTAIN,
            names={"nodes": listed(nodes)},
            confirmed=tuple(s.message for s in sorted(said, key=str) if (s.node, s.to) in shape.pairs)[:3],
        )
