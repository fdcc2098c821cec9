"""Pods reach pods: on the same node and on every other, in the same namespace and in another."""

from collections.abc import Mapping

from kubecheck.checks import (
    FLEET,
    HTTP_PORT,
    NODES,
    PODS,
    CannotTell,
    HttpAnswer,
    HttpGet,
    Probe,
    Site,
    Standing,
    check,
    for_each,
)

FIND_THE_PATH = (
    "on both nodes: ip route get POD-ADDRESS, and tcpdump on the overlay's device while asking again",
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


def pods_of_nodes(here: Site) -> dict[str, HttpGet | CannotTell]:
    """The probe pod of every node that this one asks, its own among them."""
    found: dict[str, HttpGet | CannotTell] = {}
    for name in here.nodes_to_ask():
        target = here.fleet.probe("pod", name)
        if target.problem:
            found[name] = CannotTell(f"its probe pod does not run: {target.problem}")
        else:
            found[name] = HttpGet(target.address, HTTP_PORT)
    return found


@check(
    title="Every pod reaches a pod on every node",
    at=PODS,
    asks=pods_of_nodes,
    runbook=("R13",),
    remedy=FIND_THE_PATH,
)
def test_pod_to_pod(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """The pod on each node answers at its own address, and it is that pod that answers.

    Every pod can reach every other at its address, without NAT: the first rule of the network model.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    for_each(answers, lambda name, answer: _from_probe(answer, fleet.probe("pod", name)))


@check(
    title="Every node reaches a pod on every node",
    at=NODES,
    asks=pods_of_nodes,
    runbook=("R13",),
    remedy=FIND_THE_PATH,
)
def test_node_to_pod(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """Agents on a node, the kubelet and an API server calling webhooks reach pods on any node.

    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    for_each(answers, lambda name, answer: _from_probe(answer, fleet.probe("pod", name)))


def _from_probe(answer: HttpAnswer, target: Probe) -> None:
    answer.must_come_from(target.name, target.namespace)


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
