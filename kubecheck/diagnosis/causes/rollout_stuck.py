"""A rollout of the system's goes no further."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="A rollout is stuck",
    confirm=("kubectl -n {namespace} rollout status {kind}/{name} --timeout=5s",),
    remedy=(
        "kubectl -n {namespace} get pods -o wide, and describe those of {name} that are not ready",
        "kubectl -n {namespace} rollout undo {kind}/{name}",
    ),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment",
)
def rollout_stuck(evidence: Evidence) -> Iterator[Finding]:
    """A Deployment's new replicas do not become ready, or a DaemonSet lacks pods.

    Old replicas go on serving, so everything looks well until the last of them is gone.
    """
    for symptom in sorted(
        evidence.find("controlplane.no_rollout_is_stuck", failed=True), key=lambda each: each.target
    ):
        kind, _, full = symptom.target.partition(" ")
        namespace, _, name = full.partition("/")
        if not name:
            continue
        replicas = {
            s
            for s in evidence.find("dns.dns_replicas_ready")
            if kind == "Deployment" and f"Deployment {name} " in s.message
        }
        yield Finding(
            says=f"the rollout of {symptom.target} is stuck",
            blames=(f"{kind}/{full}",),
            explains=frozenset({symptom, *replicas}),
            confidence=Confidence.LIKELY,
            names={"namespace": namespace, "name": name, "kind": kind.lower()},
            confirmed=(symptom.message,),
        )
