"""A pod of the system ends again and again, or does not become ready."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="A system pod crashes or does not get ready",
    confirm=("kubectl -n {namespace} describe pod {pod}",),
    remedy=(
        "kubectl -n {namespace} logs {pod} --all-containers --previous --tail=50",
        "kubectl -n {namespace} describe pod {pod}, and read its events",
        "after a bad change: kubectl -n {namespace} rollout undo deployment/NAME (or daemonset/NAME)",
    ),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
)
def system_pod_crashing(evidence: Evidence) -> Iterator[Finding]:
    """A pod of the system's namespaces waits to be started again, restarts often, or is unready for long.

    What it does for the cluster is not done, or by the others of its kind only.
    """
    symptoms = evidence.find(
        "controlplane.no_system_pod_crashes", "controlplane.system_pods_ready", failed=True
    )
    for name in sorted({symptom.target for symptom in symptoms if symptom.target}):
        mine = {symptom for symptom in symptoms if symptom.target == name}
        namespace, _, pod = name.partition("/")
        rollout = {
            s
            for s in evidence.find("controlplane.no_rollout_is_stuck")
            if _owner_fits(s.target, namespace, pod)
        }
        yield Finding(
            says=_says(name, min(s.message for s in mine)),
            blames=(f"Pod/{name}",),
            explains=frozenset(mine | rollout),
            confidence=Confidence.LIKELY,
            names={"namespace": namespace, "pod": pod},
            confirmed=tuple(sorted(s.message for s in mine)),
        )


def _says(pod: str, message: str) -> str:
    """What is said of the pod, by its name."""
    return message if pod in message else f"pod {pod} crashes or does not get ready ({message})"


def _owner_fits(workload: str, namespace: str, pod: str) -> bool:
    place, _, name = workload.partition(" ")[2].partition("/")
    return place == namespace and bool(name) and pod.startswith(f"{name}-")
