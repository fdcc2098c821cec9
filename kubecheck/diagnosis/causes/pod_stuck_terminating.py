"""Pods are not gone long after their deletion."""

import re
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

STUCK = re.compile(r"^(\S+)/(\S+) should have been gone since (.*)$", re.MULTILINE)


@cause(
    title="A pod is stuck Terminating",
    confirm=("kubectl -n {namespace} describe pod {pod}; kubectl describe node {node}",),
    remedy=(
        "on {node}: systemctl status kubelet containerd; crictl pods | grep {pod}",
        "once its containers are gone: kubectl -n {namespace} delete pod {pod} --grace-period=0 --force",
    ),
    source="https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/",
)
def pod_stuck_terminating(evidence: Evidence) -> Iterator[Finding]:
    """A pod is there still, long after its grace period: its kubelet is silent, or a finalizer holds it.

    A StatefulSet does not replace it until it is gone.
    """
    for symptom in evidence.find("nodes.no_pod_stuck_terminating", failed=True):
        found = STUCK.findall(symptom.message)
        if not found:
            continue
        pods = {f"{namespace}/{name}": rest for namespace, name, rest in found}
        placed = {pod.full_name: pod.node for pod in evidence.facts.pods.found or ()}
        first = next(iter(pods))
        held = tuple(line for line in pods.values() if "finalizer" in line)
        yield Finding(
            says=f"pod {first} is stuck Terminating"
            + (f", and {len(pods) - 1} more" if len(pods) > 1 else ""),
            blames=tuple(f"Pod/{name}" for name in pods),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            names={
                "namespace": first.partition("/")[0],
                "pod": first.partition("/")[2],
                "node": placed.get(first) or "its node",
            },
            confirmed=tuple(f"{name} should have been gone since {rest}" for name, rest in pods.items())[:3],
            remedy=(held[0].rpartition(", or ")[2] if " or kubectl" in held[0] else held[0],) if held else (),
        )
