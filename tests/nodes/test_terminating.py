"""Pods that should be gone."""

from datetime import datetime

from kubecheck.checks import API, Facts, Pod, Policy, check

TOLD = 10


@check(
    title="No pod is stuck Terminating",
    at=API,
    runbook=("R2",),
    remedy=(
        "kubectl describe pod POD -n NAMESPACE; kubectl describe node NODE",
        "on the node: systemctl status kubelet containerd; crictl pods",
        "once its containers are gone: kubectl delete pod POD -n NAMESPACE --grace-period=0 --force",
    ),
)
def test_no_pod_stuck_terminating(facts: Facts, policy: Policy) -> None:
    """No pod is there still that long after its deletion and its grace period.

    Its node's kubelet does not report, cannot end a container or unmount a volume, or a finalizer
    that nobody removes holds it. Until it is gone, a StatefulSet does not replace it.
    Source: https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/
    """
    now = datetime.fromisoformat(facts.clock.value)
    stuck = [
        (pod, late)
        for pod in facts.pods.value
        if pod.deleted
        and (late := (now - datetime.fromisoformat(pod.deleted)).total_seconds())
        > policy.nodes.terminating_seconds
    ]
    stuck.sort(key=lambda each: -each[1])
    assert not stuck, (
        f"{len(stuck)} {'pod is' if len(stuck) == 1 else 'pods are'} stuck Terminating:\n"
        + "\n".join(told(pod, late, facts) for pod, late in stuck[:TOLD])
    )


def told(pod: Pod, late: float, facts: Facts) -> str:
    """Which pod, since when, where, what holds it, and the command that removes it."""
    ago = f"{late / 60:.0f} minutes" if late >= 120 else f"{late:.0f} seconds"
    since = f"{pod.full_name} should have been gone since {pod.deleted} ({ago})"
    node = next((node for node in facts.nodes if node.name == pod.node), None)
    if not pod.node:
        where = "was never on a node"
    elif node is None:
        where = f"was on node {pod.node}, which the cluster does not have any more"
    else:
        where = f"on node {node.name}, which is {'Ready' if node.ready else 'not Ready'}"
    if pod.finalizers:
        return (
            f"{since}, {where}; held by finalizer {', '.join(pod.finalizers)}: mend what should remove it, or"
            f" kubectl -n {pod.namespace} patch pod {pod.name} --type=merge"
            """ -p '{"metadata":{"finalizers":null}}'"""
        )
    return f"{since}, {where}: kubectl -n {pod.namespace} delete pod {pod.name} --grace-period=0 --force"
