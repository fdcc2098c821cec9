"""Forwarding: a node that does not pass packets on cuts its pods off from all others."""

from kubecheck.checks import NODES, CannotTell, ForwardingAnswer, Node, ReadForwarding, check


@check(
    title="Every node forwards packets",
    at=NODES,
    asks=lambda _: ReadForwarding(),
    runbook=("R13",),
    remedy=(
        "on the node: sysctl -w net.ipv4.ip_forward=1",
        "to keep it: echo net.ipv4.ip_forward=1 >/etc/sysctl.d/99-kubernetes.conf; look for what resets it",
    ),
)
def test_node_forwards(answer: ForwardingAnswer, node: Node) -> None:
    """net.ipv4.ip_forward is 1 on the node, and IPv6's forwarding too where its pods have IPv6 addresses.

    Pods reach nothing beyond their node, and nobody reaches them, while the node itself looks healthy.
    Source: https://kubernetes.io/docs/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional
    """
    families = {"IPv6" if ":" in cidr else "IPv4" for cidr in node.pod_cidrs} or {"IPv4"}
    if "IPv4" in families:
        if answer.ipv4 is None:
            raise CannotTell(answer.told("net.ipv4.ip_forward = 1"))
        answer.must(answer.ipv4, "net.ipv4.ip_forward = 1")
    if "IPv6" in families:
        answer.must(bool(answer.ipv6), "net.ipv6.conf.all.forwarding = 1")
