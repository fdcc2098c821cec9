"""Full packets vanish where small ones pass."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import between
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import Pair, shapes
from kubecheck.diagnosis.traffic import PROXIED, across
from kubecheck.wording import listed

LARGE = ("network.large_transfer*", "dns.large_answer")


@cause(
    title="Large packets are lost (MTU)",
    confirm=(
        "on both nodes: ip -d link, and compare the MTU of pods' devices, the overlay and the network below it",
        "from one node: ping -M do -s 1422 OTHER-NODE, and smaller, to find what passes",
    ),
    remedy=(
        "on {nodes}: ip -d link; an overlay's MTU is that of the network below less 50 (VXLAN), 60 (WireGuard), 20 (IP in IP)",
        "set the MTU in the CNI's configuration (Calico: veth_mtu, Cilium: mtu), restart its pods, then all others",
        "let ICMP 'fragmentation needed' pass between {nodes}",
    ),
    source="https://www.rfc-editor.org/rfc/rfc2923#section-2.1",
)
def mtu_black_hole(evidence: Evidence) -> Iterator[Finding]:
    """Handshakes, pings and short answers pass, and whatever is longer hangs: it is too big for the way.

    Nobody is told, because the ICMP message that should say so is dropped. TLS, image pulls and large
    answers of the API hang, on some pairs of nodes only if it is one link or one node.
    """
    for shape in shapes(_large(evidence)):
        if shape.form == "self":
            continue
        nodes = sorted(shape.nodes) or sorted({node for pair in shape.pairs for node in pair})
        told = {
            "overlay": "between all nodes",
            "node": f"from and to node {nodes[0]}",
            "source": f"to node {nodes[0]}",  # the one that downloads is where the data goes
            "target": f"from node {nodes[0]}",
        }.get(shape.form, f"between {between(shape.groups, nodes, len(evidence.facts.nodes))}")
        yield Finding(
            says=f"large packets are lost {told}, and small ones pass",
            blames=("Network/pods",) if shape.form == "overlay" else tuple(f"Node/{node}" for node in nodes),
            explains=across(evidence, shape) & evidence.find(*LARGE, *PROXIED),
            confidence=Confidence.LIKELY,
            names={"nodes": listed(nodes)},
        )


def _large(evidence: Evidence) -> dict[Pair, bool]:
    """Who got the large file of whom, of those that reach each other with small packets."""
    small = evidence.pairs("network.pod_to_pod", "pod")
    large = evidence.pairs("network.large_transfer", "pod")
    return {pair: ok for pair, ok in large.items() if small.get(pair, True)}
