"""Addresses of pods: each has its own."""

from collections import defaultdict
from ipaddress import ip_address, ip_network

from kubecheck.checks import API, CannotTell, Facts, check, listed


@check(
    title="Every running pod has an address of its own",
    at=API,
    runbook=("R13", "R22"),
    remedy=(
        "kubectl get pods --all-namespaces -o wide --field-selector status.podIP=ADDRESS",
        "on the nodes of both pods: compare the ranges in /etc/cni/net.d, and look into /var/lib/cni",
        "delete one of the two pods; it gets a new address",
    ),
)
def test_pod_addresses_are_unique(facts: Facts) -> None:
    """No two running pods share an address, of either family; none has a node's or one of the Service CIDR's.

    With an address twice, packets reach the one or the other, by chance or by node.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    owners: dict[str, list[str]] = defaultdict(list)
    for pod in facts.pods.value:
        # A pod that is being deleted may have given its address back already.
        if pod.phase == "Running" and pod.address and not pod.host_network and not pod.deleted:
            for address in pod.addresses or (pod.address,):
                owners[address].append(f"pod {pod.full_name} on {pod.node}")
    if not owners:
        raise CannotTell("no pod with an address of its own runs in this cluster")
    nodes = {address: node.name for node in facts.nodes for address in node.addresses}
    shared = [f"{address}: {' and '.join(found)}" for address, found in owners.items() if len(found) > 1]
    shared += [
        f"{address}: {found[0]} and node {nodes[address]}"
        for address, found in owners.items()
        if address in nodes
    ]
    assert not shared, f"{len(shared)} addresses are not one pod's alone: {listed(shared, '; ')}"
    of_services = [
        f"{address}: {found[0]} lies in the Service CIDR {cidr}"
        for cidr in facts.published_cidrs
        for address, found in owners.items()
        if ip_address(address) in ip_network(cidr)
    ]
    assert not of_services, f"{len(of_services)} addresses may be a Service's: {listed(of_services, '; ')}"
