"""A node does not forward packets."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.traffic import around

IPV4, IPV6 = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"
REMEDY = (
    "on {node}: sysctl -w {settings}",
    "to keep it: printf '%s\\n' {settings} >>/etc/sysctl.d/99-kubernetes.conf",
    "find what resets it: grep -rE 'ip_forward|forwarding' /etc/sysctl*",
)
# What accept_ra=1, the default, stands for: https://docs.kernel.org/networking/ip-sysctl.html
ADVERTISED = (
    "on {node}, first, where its own address or default route comes by router advertisements, which a node"
    " that forwards ignores: sysctl -w net.ipv6.conf.DEVICE.accept_ra=2"
)


@cause(
    title="A node does not forward packets",
    confirm=(f"on the node: sysctl {IPV4} {IPV6}",),
    remedy=REMEDY,
    source="https://kubernetes.io/docs/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional",
)
def ip_forward_off(evidence: Evidence) -> Iterator[Finding]:
    """With net.ipv4.ip_forward = 0 the kernel drops whatever is neither from nor for the node itself.

    The node's pods reach nothing beyond it, nobody reaches them, and the node is Ready all the while. It is
    mostly a sysctl file or a firewall service that sets it back when the machine starts or is updated. IPv6
    has a setting of its own, net.ipv6.conf.all.forwarding, and pods with both families lose one of them only.
    """
    for node in evidence.nodes_failing("network.node_forwards", "node"):
        said = evidence.find("network.node_forwards", kind="node", node=node)
        expected = "".join(s.message.rpartition("expected ")[2] for s in said)
        off = [setting for setting in (IPV4, IPV6) if setting in expected] or [IPV4]
        families = {setting == IPV6 for setting in off}
        names = {"node": node, "settings": " ".join(f"{setting}=1" for setting in off)}
        lost = "packets" if len(off) > 1 else "IPv6 packets" if IPV6 in off else "IPv4 packets"
        yield Finding(
            says=f"node {node} forwards no {lost}: {' and '.join(off)} {'are' if len(off) > 1 else 'is'} 0",
            blames=(f"Node/{node}",),
            explains=said | {s for s in around(evidence, node) if _over_ipv6(evidence, s) in families},
            confidence=Confidence.CERTAIN,
            names=names,
            confirmed=tuple(s.message for s in said),
            remedy=tuple(filled(step, names) for step in (ADVERTISED, *REMEDY)) if IPV6 in off else (),
        )


def _over_ipv6(evidence: Evidence, symptom: Symptom) -> bool:
    """Whether its packets are IPv6's; what names no address goes by the family of the cluster's Services."""
    if symptom.address:
        return ":" in symptom.address
    service = evidence.facts.kubernetes_service.found
    return " over IPv6" in symptom.target or bool(service and ":" in "".join(service.cluster_ips[:1]))
