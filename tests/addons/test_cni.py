"""The CNI's own pods, where it has some: one on every node."""

from kubecheck.checks import EACH_NODE, Facts, Node, NotApplicable, Policy, check

KNOWN = (
    "antrea-agent",
    "aws-node",
    "calico-node",
    "canal",
    "cilium",
    "kindnet",
    "kube-flannel",
    "kube-flannel-ds",
    "kube-ovn-cni",
    "kube-router",
    "ovnkube-node",
    "weave-net",
)


@check(
    title="The CNI's pod is ready on each node",
    at=EACH_NODE,
    remedy=(
        "kubectl get pods --all-namespaces -o wide --field-selector spec.nodeName=NODE",
        "kubectl -n NAMESPACE describe pod POD; kubectl -n NAMESPACE logs POD --all-containers --tail=50",
    ),
)
def test_cni_pod_ready(facts: Facts, policy: Policy, node: Node) -> None:
    """Where a DaemonSet brings the pod network (Calico, Cilium, flannel and others), each node has its pod.

    Without it the node keeps the routes that it had, and learns of no new node; new pods may get no address.
    Source: https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/
    """
    agents = [each for each in facts.workloads.value.daemon_sets if each.name in KNOWN]
    if not agents:
        raise NotApplicable(
            f"no DaemonSet of a known CNI is in {', '.join(policy.addons.system_namespaces)}:"
            " its plugins may be plain programs"
        )
    if not node.probed:
        raise NotApplicable(f"{node.name} runs {node.os}")
    for agent in agents:
        mine = [
            pod for pod in facts.pods.value if pod.node == node.name and agent.owns(pod) and not pod.deleted
        ]
        states = "; ".join(f"{pod.name}: {pod.waiting or pod.phase}" for pod in mine)
        assert any(pod.ready for pod in mine), (
            f"DaemonSet {agent.full_name} has no ready pod on node {node.name} ({states or 'none at all'}),"
            f" and is ready on {agent.ready} of {agent.wanted} nodes"
        )
