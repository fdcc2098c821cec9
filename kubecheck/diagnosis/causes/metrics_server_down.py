"""No metrics-server is there to answer."""

from collections.abc import Iterator

from kubecheck.cluster.objects import Deployment
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import METRICS_API, metrics
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="metrics-server is down",
    confirm=(
        "kubectl -n {namespace} get deployment {name} -o wide; kubectl -n {namespace} get pods -o wide",
        "kubectl get apiservice v1beta1.metrics.k8s.io -o yaml",
    ),
    remedy=(
        "kubectl -n {namespace} scale deployment {name} --replicas={replicas}",
        "kubectl -n {namespace} describe deployment {name}; kubectl -n {namespace} logs deployment/{name}",
        "kubectl -n {namespace} rollout status deployment/{name}; kubectl top node",
    ),
    source="https://kubernetes-sigs.github.io/metrics-server/",
)
def metrics_server_down(evidence: Evidence) -> Iterator[Finding]:
    """No replica of metrics-server is ready, so the metrics API has nobody behind it.

    kubectl top shows nothing and autoscalers stand still. Namespaces may hang in deletion as well.
    """
    facts = evidence.facts
    service = next((a.service for a in facts.api_services.found or () if a.name == METRICS_API), "")
    deployment = _deployment(evidence, service)
    explained = metrics(evidence)
    if deployment is None or deployment.ready or not any(symptom.failed for symptom in explained):
        return
    name = f"{deployment.namespace}/{deployment.name}"
    condition = facts.metrics_api.found
    pods = {
        pod.full_name
        for pod in facts.pods.found or ()
        if pod.namespace == deployment.namespace and pod.name.startswith(f"{deployment.name}-")
    }
    own = {
        s
        for s in evidence.find(
            "controlplane.system_pods_ready",
            "controlplane.no_system_pod_crashes",
            "controlplane.no_rollout_is_stuck",
        )
        if s.target == f"Deployment {name}" or s.target in pods
    }
    yield Finding(
        says=f"no replica of Deployment {name} is ready: {deployment.ready} of {deployment.wanted} wanted"
        if deployment.wanted
        else f"Deployment {name} is scaled to 0",
        blames=(f"Deployment/{name}",),
        explains=explained | own,
        confidence=Confidence.CERTAIN,
        names={
            "namespace": deployment.namespace,
            "name": deployment.name,
            "replicas": str(deployment.wanted or 1),
        },
        confirmed=(
            f"Deployment {name}: {deployment.ready} of {deployment.wanted} replicas are ready",
            *([f"APIService {METRICS_API}: {condition.reason} {condition.message}"] if condition else []),
        ),
    )


def _deployment(evidence: Evidence, service: str) -> Deployment | None:
    """The Deployment behind the APIService's ``service``: its namesake, or the one that says what it is."""
    workloads = evidence.facts.workloads.found
    namespace, _, name = service.partition("/")
    mine = [
        each
        for each in (workloads.deployments if workloads else ())
        if each.namespace == (namespace or each.namespace)
    ]
    named = [each for each in mine if each.name == name]
    return next(iter(named or [each for each in mine if "metrics-server" in each.name]), None)
