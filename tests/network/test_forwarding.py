"""Forwarding: a node that does not pass packets on cuts its pods off from all others."""

from kubecheck.checks import NODES, CannotTell, ForwardingAnswer, Node, ReadForwarding, Standing, check


@check(
    title="Every node forwards packets",
    at=NODES,
    asks=lambda _: ReadForwarding(),
    runbook=("R13",),
    remedy=(
        "on the node: sysctl -w net.ipv4.ip_forward=1",
        "for pods with IPv6 addresses: sysctl -w net.ipv6.conf.all.forwarding=1",
        "to keep it: echo net.ipv4.ip_forward=1 >/etc/sysctl.d/99-kubernetes.conf; look for what resets it",
    ),
)
def test_node_forwards(answer: ForwardingAnswer, node: Node, fleet: Standing) -> None:
    """net.ipv4.ip_forward is 1 on the node, and IPv6's forwarding too where its pods have IPv6 addresses.

    Pods reach nothing beyond their node, and nobody reaches them, while the node itself looks healthy.
    Source: https://kubernetes.io/docs/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional
    """
    families = {"IPv6" if ":" in each else "IPv4" for each in pods_of(node, fleet)}
    if "IPv4" in families and answer.ipv4 is None:
        raise CannotTell(answer.told("net.ipv4.ip_forward = 1"))
    asked = {"net.ipv4.ip_forward": answer.ipv4} if "IPv4" in families else {}
    asked |= {"net.ipv6.conf.all.forwarding": answer.ipv6} if "IPv6" in families else {}
    # Those that are off, and no others: what is named here is what is to be switched on.
    off = [setting for setting, is_on in asked.items() if not is_on]
    answer.must(not off, " and ".join(f"{setting} = 1" for setting in off or asked))


def pods_of(node: Node, fleet: Standing) -> tuple[str, ...]:
    """Where the node's pods are: its pod CIDRs, else its probe pod's addresses, else the node's own.

    A CNI plugin that hands out addresses itself leaves spec.podCIDRs empty. Where no pod tells, pods are
    taken to be of the family of the node's first address. Raises CannotTell for a node without one.
    """
    probes = (probe for probe in fleet.pod_probes if probe.node == node.name)
    return node.pod_cidrs or next((probe.addresses for probe in probes), ()) or (node.address,)
