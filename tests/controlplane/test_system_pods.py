"""The cluster's own pods: none crashes again and again, none waits for ever, no rollout is stuck."""

from datetime import datetime

from kubecheck.checks import API, DaemonSet, Deployment, Facts, NotApplicable, Pod, Policy, check, for_each

CRASHES = 3  # restarts of a pod that are no accident any more
RECENTLY = 600.0  # seconds; the kubelet waits at most 300 between two restarts
HOPELESS = {
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}

LOOK = (
    "kubectl -n NAMESPACE describe pod POD",
    "kubectl -n NAMESPACE logs POD --all-containers --previous --tail=50",
)


def system_pods(facts: Facts, policy: Policy) -> list[Pod]:
    """The pods of the system namespaces that are to run."""
    return [
        pod
        for pod in facts.pods.value
        if pod.namespace in policy.addons.system_namespaces
        and not pod.deleted
        and pod.phase not in {"Succeeded", "Failed"}
    ]


def seconds_since(facts: Facts, text: str) -> float:
    """Seconds since a Kubernetes timestamp, as the API server's clock tells."""
    return (datetime.fromisoformat(facts.clock.value) - datetime.fromisoformat(text)).total_seconds()


@check(title="No system pod crashes again and again", at=API, remedy=LOOK)
def test_no_system_pod_crashes(facts: Facts, policy: Policy) -> None:
    """No container waits to be started again after a failure, and none has restarted often and just now.

    Between two crashes such a pod is Running and even Ready, so restarts are looked at too.
    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
    """
    pods = system_pods(facts, policy)
    if not pods:
        raise NotApplicable(f"no pod runs in {', '.join(policy.addons.system_namespaces)}")

    def judge(_name: str, pod: Pod) -> None:
        ending = f"; last ended: {pod.ending} at {pod.ended}" if pod.ended else ""
        told = f"pod {pod.full_name} on {pod.node or 'no node'}, {pod.restarts} restarts{ending}"
        assert not HOPELESS & set(pod.waiting.split(", ")), f"{told}; it waits: {pod.waiting}"
        again = pod.restarts >= CRASHES and pod.ended and seconds_since(facts, pod.ended) < RECENTLY
        assert not again, f"{told}; expected no container that ends again and again"

    for_each({pod.full_name: pod for pod in pods}, judge)


@check(title="Every system pod is ready", at=API, remedy=LOOK)
def test_system_pods_ready(facts: Facts, policy: Policy) -> None:
    """No pod of the system namespaces is unready for longer than policy allows (addons.pod_startup_seconds).

    Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
    """
    pods = system_pods(facts, policy)
    if not pods:
        raise NotApplicable(f"no pod runs in {', '.join(policy.addons.system_namespaces)}")
    patience = policy.addons.pod_startup_seconds

    def judge(_name: str, pod: Pod) -> None:
        if pod.ready or not pod.ready_since:
            return
        seconds = seconds_since(facts, pod.ready_since)
        assert seconds <= patience, (
            f"pod {pod.full_name} on {pod.node or 'no node'} is {pod.waiting or pod.phase}, not ready for"
            f" {seconds:.0f} s; expected ready within {patience:.0f} s"
        )

    for_each({pod.full_name: pod for pod in pods}, judge)


@check(
    title="No rollout of a system workload is stuck",
    at=API,
    remedy=(
        "kubectl -n NAMESPACE rollout status deployment/NAME",
        "kubectl -n NAMESPACE get pods -o wide, and describe those that are not ready",
        "kubectl -n NAMESPACE rollout undo deployment/NAME",
    ),
)
def test_no_rollout_is_stuck(facts: Facts, policy: Policy) -> None:
    """Every Deployment progresses and is available, and every DaemonSet has its pod on each node.

    A Deployment whose new replicas never become ready keeps its old ones serving: everything still
    answers, and only the rollout tells.
    Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
    """
    workloads = facts.workloads.value
    found: dict[str, Deployment | DaemonSet] = {
        f"Deployment {each.namespace}/{each.name}": each for each in workloads.deployments
    }
    found |= {f"DaemonSet {each.full_name}": each for each in workloads.daemon_sets}
    if not found:
        raise NotApplicable(f"no workload in {', '.join(policy.addons.system_namespaces)}")

    def judge(name: str, workload: Deployment | DaemonSet) -> None:
        if isinstance(workload, Deployment):
            _must_progress(facts, policy, name, workload)
        else:
            assert workload.scheduled >= workload.wanted, (
                f"{name} has pods on {workload.scheduled} nodes, expected on {workload.wanted}"
            )

    for_each(found, judge)


def _must_progress(facts: Facts, policy: Policy, name: str, deployment: Deployment) -> None:
    for condition in deployment.conditions:
        told = (
            f"{name}: {deployment.ready} of {deployment.wanted} replicas ready, {deployment.updated} updated;"
            f" {condition.type}={condition.status} {condition.reason}: {condition.message}"
        )
        assert not (condition.type == "Progressing" and condition.status == "False"), told
        assert not (condition.type == "ReplicaFailure" and condition.status == "True"), told
        if condition.type == "Available" and condition.status == "False" and condition.since:
            assert seconds_since(facts, condition.since) <= policy.addons.pod_startup_seconds, told
