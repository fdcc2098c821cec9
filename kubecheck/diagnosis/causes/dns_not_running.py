"""No server of cluster DNS runs."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import LOOKUPS, REPLICAS


@cause(
    title="Cluster DNS does not run",
    confirm=(
        "kubectl -n {namespace} get deployment {name}",
        "kubectl -n {namespace} get pods -l k8s-app=kube-dns -o wide",
    ),
    remedy=(
        "kubectl -n {namespace} describe deployment {name}; kubectl -n {namespace} get events",
        "kubectl -n {namespace} logs -l k8s-app=kube-dns --prefix --tail=50",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/",
)
def dns_not_running(evidence: Evidence) -> Iterator[Finding]:
    """No replica of CoreDNS is ready, so every name lookup in the cluster fails.

    Addresses go on working, and so do programs that have looked up their names already: the rest of the
    cluster breaks little by little, as connections are made anew.
    """
    deployments = evidence.facts.dns_deployments.found or ()
    # Without its rights CoreDNS does not become ready; that is a cause of its own.
    if any(deployment.ready for deployment in deployments) or evidence.facts.dns_lacks.found:
        return
    for deployment in deployments:
        name = f"{deployment.namespace}/{deployment.name}"
        own = frozenset(
            symptom
            for symptom in evidence.find("controlplane.*", "dns.*")
            if f"{deployment.namespace}/{deployment.name}" in f"{symptom.target} {symptom.message}"
        )
        scale = f"kubectl -n {deployment.namespace} scale deployment {deployment.name}"
        replicas = max(evidence.policy.dns.min_replicas, 2)
        yield Finding(
            says=f"no replica of Deployment {name} is ready, of {deployment.wanted} that it is to have"
            if deployment.wanted
            else f"Deployment {name} is scaled to 0 replicas",
            blames=(f"Deployment/{name}",),
            explains=own
            | evidence.find(*LOOKUPS, *REPLICAS, "dns.dns_replicas_ready", "dns.replicas_spread"),
            confidence=Confidence.CERTAIN,
            names={"namespace": deployment.namespace, "name": deployment.name},
            confirmed=(f"Deployment {name}: {deployment.ready} of {deployment.wanted} replicas ready",),
            remedy=() if deployment.wanted else (f"{scale} --replicas={replicas}",),
        )
