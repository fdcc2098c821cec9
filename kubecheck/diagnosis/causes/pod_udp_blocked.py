"""UDP between pods is lost where TCP passes."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import named_groups
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import shapes
from kubecheck.diagnosis.traffic import LOOKUPS, REPLICAS, across, crossing
from kubecheck.wording import listed


@cause(
    title="UDP between pods is blocked",
    confirm=(
        "on the node: iptables-save -c | grep -w udp, or nft list ruleset | grep udp, and look at the counters",
        "on the node: conntrack -S, and look at drop, which grows where the table is full, and insert_failed, where datagrams clash",
    ),
    remedy=(
        "on {nodes}: iptables-save -c | grep -w udp, and delete the rule that drops it",
        "on {nodes}: journalctl -k --since -1h | grep 'table full'; if there is any: sysctl -w net.netfilter.nf_conntrack_max=1048576",
    ),
    source="https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model",
)
def pod_udp_blocked(evidence: Evidence) -> Iterator[Finding]:
    """A firewall drops datagrams of pods and lets their connections pass.

    Whatever looks at TCP only says that all is well; name lookups, QUIC, syslog, RADIUS and the like fail.
    """
    over_tcp = evidence.pairs("network.pod_to_pod", "pod")
    over_udp = evidence.pairs("network.pod_to_pod_over_udp", "pod")
    for shape in shapes({pair: ok for pair, ok in over_udp.items() if over_tcp.get(pair)}):
        nodes = list(shape.nodes) or sorted({node for pair in shape.pairs for node in pair})
        groups = " and ".join(named_groups(shape.groups, len(evidence.facts.nodes)))
        own = [] if shape.groups else [(node, node) for node in nodes]
        told = {
            "overlay": "between pods of all nodes",
            "node": f"from and to pods on node {nodes[0]}",
            "source": f"from pods on node {nodes[0]}",
            "target": f"to pods on node {nodes[0]}",
            "direction": f"from pods on node {nodes[0]} to those on {nodes[-1]}",
        }.get(shape.form, f"between pods on {groups or ' and '.join(dict.fromkeys(nodes))}")
        yield Finding(
            says=f"UDP is lost {told}, and TCP passes",
            blames=("Network/pods",) if shape.form == "overlay" else tuple(f"Node/{node}" for node in nodes),
            explains=(across(evidence, shape) | crossing(evidence, own))
            & evidence.find("network.pod_to_pod_over_udp", *LOOKUPS, *REPLICAS),
            confidence=Confidence.LIKELY,
            names={"nodes": listed(nodes)},
        )
