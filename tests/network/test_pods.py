"""Pods reach pods: on the same node and on every other, in the same namespace and in another."""

from collections.abc import Mapping
from ipaddress import ip_address

from kubecheck.checks import (
    FLEET,
    HTTP_PORT,
    NODES,
    PODS,
    UDP_PORT,
    CannotTell,
    HttpAnswer,
    HttpGet,
    IdentityAnswer,
    Node,
    NotApplicable,
    Probe,
    Site,
    Standing,
    UdpAnswer,
    UdpAsk,
    Vantage,
    check,
    for_each,
)

FIND_THE_PATH = (
    "on both nodes: ip route get POD-ADDRESS, and while asking again: tcpdump -ni OVERLAY-DEVICE",
    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR, and compare with the routes",
    "kubectl -n kube-system get pods -o wide, and look at the CNI's pods on both nodes",
)


@check(
    title="Every node runs a new pod",
    at=NODES | PODS,
    runbook=("R13",),
    remedy=("kubectl describe node NODE", "on the node: journalctl -u kubelet --since -10min"),
)
def test_probe_pod_runs(probe: Probe) -> None:
    """A pod put on the node now becomes Ready: kubelet, runtime, image, CNI and sandbox all work.

    Source: https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/
    """
    assert not probe.problem, (
        f"pod {probe.namespace}/{probe.name} on node {probe.node} does not run: {probe.problem}"
    )


@check(
    title="A new pod has an address of each family that its node has pod CIDRs of",
    at=PODS,
    remedy=("on the node: look at the ranges in /etc/cni/net.d", "kubectl get node NODE -o yaml"),
)
def test_pod_has_both_families(probe: Probe, node: Node) -> None:
    """On a dual-stack cluster every pod gets an IPv4 and an IPv6 address.

    Source: https://kubernetes.io/docs/concepts/services-networking/dual-stack/
    """
    wanted = {"IPv6" if ":" in cidr else "IPv4" for cidr in node.pod_cidrs}
    if len(wanted) < 2:
        raise NotApplicable(f"node {node.name} has pod CIDRs of one family at most")
    probe.must_run()
    found = {"IPv6" if ":" in address else "IPv4" for address in probe.addresses}
    assert found == wanted, (
        f"pod {probe.namespace}/{probe.name} on node {node.name} has {', '.join(probe.addresses)} only;"
        f" the node has the pod CIDRs {', '.join(node.pod_cidrs)}"
    )


def pods_by_http(here: Site) -> dict[str, HttpGet | CannotTell]:
    """The probe pod of every node that this one asks, its own among them."""
    return here.pods_to_ask(lambda address: HttpGet(address, HTTP_PORT))


def from_probe(name: str, answer: IdentityAnswer, fleet: Standing) -> None:
    """The probe pod of the node that is asked by this name answered itself."""
    target = fleet.probe("pod", name.partition(" ")[0])
    answer.must_come_from(target.name, target.namespace)


@check(
    title="Every pod reaches a pod on every node",
    at=PODS,
    asks=pods_by_http,
    runbook=("R13",),
    remedy=FIND_THE_PATH,
)
def test_pod_to_pod(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """The pod on each node answers at its own address, and it is that pod that answers.

    Every pod can reach every other at its address, without NAT: the first rule of the network model.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    for_each(answers, lambda name, answer: from_probe(name, answer, fleet))


@check(
    title="Every node reaches a pod on every node",
    at=NODES,
    asks=pods_by_http,
    runbook=("R13",),
    remedy=FIND_THE_PATH,
)
def test_node_to_pod(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """Agents on a node, the kubelet and an API server calling webhooks reach pods on any node.

    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    for_each(answers, lambda name, answer: from_probe(name, answer, fleet))


@check(
    title="A pod's source address is kept on the way to other pods",
    at=PODS,
    asks=pods_by_http,
    runbook=("R13",),
    remedy=(
        "on the asking node: iptables-save -t nat | grep -i masquerade, or nft list ruleset | grep masq",
        "compare the CNI's pod range (and kube-proxy's --cluster-cidr) with the addresses of the pods",
    ),
)
def test_source_address_is_kept(
    answers: Mapping[str, HttpAnswer | CannotTell], probe: Probe, vantage: Vantage
) -> None:
    """Each pod sees the asking pod's own address, not the node's.

    NetworkPolicies, logs and services that admit by address rely on it; a masquerading rule that is
    too wide breaks it and nothing else.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    own = {shortest(address) for address in (probe.address, *probe.addresses) if address}

    def judge(name: str, answer: HttpAnswer) -> None:
        identity = answer.identity if answer.answered else None
        if identity is None:
            raise NotApplicable(f"{name} did not answer {vantage}; network.pod_to_pod judges that")
        seen = shortest(identity.client)
        answer.must(seen in own, f"client={probe.address}, this pod's own address, and it saw {seen}")

    for_each(answers, judge)


def shortest(address: str) -> str:
    """``address`` as it is usually written; what is no address as it is."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


@check(
    title="Every pod reaches a pod on every node over UDP",
    at=PODS,
    asks=lambda here: here.pods_to_ask(lambda address: UdpAsk(address, UDP_PORT)),
    runbook=("R13",),
    remedy=("on both nodes: iptables-save | grep -w udp, and conntrack -S", *FIND_THE_PATH),
)
def test_pod_to_pod_over_udp(
    answers: Mapping[str, UdpAnswer | CannotTell], fleet: Standing, probe: Probe
) -> None:
    """The pod on each node answers a datagram, and it is that pod that answers.

    Firewalls and overlays may pass TCP and lose UDP, on which DNS and many protocols depend.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    own = answers.get(probe.node)
    if isinstance(own, UdpAnswer) and not own.answered:
        raise CannotTell(
            f"{own.told('an answer of this pod to itself')}: the nginx image has no stream module;"
            " use an official one (policy images.nginx)"
        )
    for_each(answers, lambda name, answer: from_probe(name, answer, fleet))


@check(
    title="A Deployment's replicas become ready",
    at=FLEET,
    runbook=("R14",),
    remedy=(
        "kubectl -n kube-system get leases kube-controller-manager kube-scheduler",
        "kubectl get events --all-namespaces --field-selector type=Warning",
    ),
)
def test_deployment_becomes_ready(fleet: Standing) -> None:
    """A three-replica nginx Deployment is scheduled and becomes Available.

    The scheduler and the controller-manager do their work, not only their processes run.
    Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
    """
    fleet.must_have_peers()
    assert not fleet.peer_problem, f"Deployment {fleet.peer_namespace}/peer: {fleet.peer_problem}"


@check(
    title="Every pod reaches pods of another namespace",
    at=PODS,
    asks=lambda here: {
        f"{peer.name} on {peer.node}": HttpGet(peer.address, HTTP_PORT) for peer in here.fleet.running_peers()
    },
    runbook=("R13",),
    remedy=("kubectl get networkpolicies --all-namespaces", *FIND_THE_PATH),
)
def test_pod_to_other_namespace(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """Each replica of a Deployment in another namespace answers at its own address.

    Without a NetworkPolicy namespaces do not divide the network.
    Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    for_each(
        answers,
        lambda name, answer: answer.must_come_from(name.partition(" ")[0], fleet.peer_namespace),
    )
