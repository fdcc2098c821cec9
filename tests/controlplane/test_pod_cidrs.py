"""Pod CIDRs: every node has its own, and it collides with nothing."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from kubecheck.checks import API, EACH_NODE, Facts, Node, NotApplicable, Policy, check, listed

Network = IPv4Network | IPv6Network

LOOK = (
    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDRS:.spec.podCIDRs,ADDRESS:.status.addresses",
    "look at --allocate-node-cidrs, --cluster-cidr and --node-cidr-mask-size of kube-controller-manager",
)
MOVE = (
    *LOOK,
    "a node keeps its pod CIDR until it is deleted and joins anew: drain it, delete it, restart its kubelet",
)


def pod_networks(facts: Facts) -> list[tuple[Network, str]]:
    """Every node's pod CIDRs in order of address, each with the node's name."""
    found = [(ip_network(cidr, strict=False), node.name) for node in facts.nodes for cidr in node.pod_cidrs]
    if not found:
        raise NotApplicable("no node has a pod CIDR: the CNI hands out addresses by itself")
    return sorted(found, key=lambda each: (each[0].version, int(each[0].network_address), each[0].prefixlen))


def overlaps(networks: Iterable[tuple[Network, str]]) -> list[str]:
    """Which of these networks, in order of address, overlap the one before."""
    found = []
    last: tuple[Network, str] | None = None
    for network, owner in networks:
        if last and last[0].version == network.version and last[0].overlaps(network):
            found.append(f"{last[0]} of {last[1]} and {network} of {owner}")
        # The one that reaches further is the one that a later network may still overlap.
        if last is None or not _reaches_beyond(last[0], network):
            last = network, owner
    return found


def _reaches_beyond(one: Network, other: Network) -> bool:
    return one.version == other.version and int(one.broadcast_address) > int(other.broadcast_address)


@check(title="Each node has a pod CIDR", at=EACH_NODE, runbook=("R22",), remedy=LOOK)
def test_node_has_pod_cidr(facts: Facts, policy: Policy, node: Node) -> None:
    """The controller-manager gave the node its part of the cluster CIDR.

    When the cluster CIDR is used up, new nodes get none, and their pods no addresses. A CNI with an
    address management of its own may do without on all nodes, never on some only.
    Source: --allocate-node-cidrs in
    https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
    """
    others = [other.name for other in facts.nodes if other.pod_cidrs]
    if not others and not policy.network.node_cidrs:
        raise NotApplicable("no node has a pod CIDR, and policy does not ask for it")
    assert node.pod_cidrs, (
        f"node {node.name} has no podCIDR, and {len(others)} of {len(facts.nodes)} nodes have one"
        f"{': ' + listed(others) if others else ''}; expected one on every node"
    )


@check(title="No two nodes' pod CIDRs overlap", at=API, runbook=("R22",), remedy=MOVE)
def test_pod_cidrs_are_apart(facts: Facts) -> None:
    """Each node's pod CIDR is its own: with the same one on two nodes, packets go to the wrong one.

    Source: https://kubernetes.io/docs/concepts/cluster-administration/networking/
    """
    found = overlaps(pod_networks(facts))
    assert not found, f"pod CIDRs overlap: {listed(found, '; ')}"


@check(title="No pod CIDR overlaps the Service CIDR", at=API, runbook=("R22",), remedy=MOVE)
def test_pod_cidrs_and_service_cidr(facts: Facts) -> None:
    """A Service's address is never a pod's.

    Where the API server does not publish the Service CIDR (before 1.33), the addresses of the kubernetes
    Service and of the DNS Service stand for it.

    Source: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
    """
    pods = pod_networks(facts)
    services = facts.published_cidrs
    if not services:
        known = (facts.kubernetes_service.value, *filter(None, [facts.dns_service.found]))
        services = tuple(address for service in known for address in service.cluster_ips if address != "None")
    found = [
        f"{network} of {owner} and {service}"
        for service in map(ip_network, services)
        for network, owner in pods
        if network.version == service.version and network.overlaps(service)
    ]
    assert not found, f"pod CIDRs and Service CIDR overlap: {listed(found, '; ')}"


@check(
    title="No node's address lies in a pod CIDR or in the Service CIDR", at=API, runbook=("R22",), remedy=MOVE
)
def test_node_addresses_are_apart(facts: Facts) -> None:
    """A node whose address lies in a pod CIDR, or in the Service CIDR, is not reached from other nodes' pods.

    Source: https://kubernetes.io/docs/concepts/cluster-administration/networking/
    """
    addresses = [(ip_address(address), node.name) for node in facts.nodes for address in node.addresses]
    networks = pod_networks(facts) if any(node.pod_cidrs for node in facts.nodes) else []
    ranges = [(network, f"pod CIDR {network} of {owner}") for network, owner in networks]
    ranges += [(ip_network(cidr), f"Service CIDR {cidr}") for cidr in facts.service_cidrs.found or ()]
    found = [
        f"{address} of node {name} lies in {what}"
        for network, what in ranges
        for address, name in addresses
        if address in network
    ]
    assert not found, listed(found, "; ")
    # What collides is told also where the Service CIDR could not be read; that nothing does is not.
    if not facts.published_cidrs and not networks:
        raise NotApplicable("neither a pod CIDR nor the Service CIDR is published here")
