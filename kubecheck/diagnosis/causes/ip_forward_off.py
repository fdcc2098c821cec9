"""A node does not forward packets."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import around


@cause(
    title="A node does not forward packets",
    confirm=("on the node: sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding",),
    remedy=(
        "on {node}: sysctl -w net.ipv4.ip_forward=1",
        "to keep it: echo net.ipv4.ip_forward=1 >/etc/sysctl.d/99-kubernetes.conf",
        "find what resets it: grep -r ip_forward /etc/sysctl*",
    ),
    source="https://kubernetes.io/docs/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional",
)
def ip_forward_off(evidence: Evidence) -> Iterator[Finding]:
    """With net.ipv4.ip_forward = 0 the kernel drops whatever is neither from nor for the node itself.

    The node's pods reach nothing beyond it, nobody reaches them, and the node is Ready all the while. It is
    mostly a sysctl file or a firewall service that sets it back when the machine starts or is updated.
    """
    for node in evidence.nodes_failing("network.node_forwards", "node"):
        yield Finding(
            says=f"node {node} forwards no packets: net.ipv4.ip_forward is 0",
            blames=(f"Node/{node}",),
            explains=evidence.find("network.node_forwards", node=node) | around(evidence, node),
            confidence=Confidence.CERTAIN,
            names={"node": node},
            confirmed=tuple(s.message for s in evidence.find("network.node_forwards", node=node)),
        )
