"""The metrics API's registration does not fit what serves it."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import METRICS_API, NOBODY, metrics
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="API servers do not get through to metrics-server",
    confirm=(
        "kubectl get apiservice v1beta1.metrics.k8s.io -o yaml",
        "kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes",
    ),
    remedy=(
        (
            "x509 in the condition: put the CA of metrics-server's certificate into"
            " spec.caBundle (base64), or:"
            # A JSON patch that removes what is not there is refused: RFC 6902, section 4.2.
            " kubectl patch apiservice v1beta1.metrics.k8s.io --type=merge -p"
            """ '{"spec":{"caBundle":null,"insecureSkipTLSVerify":true}}'"""
        ),
        "ServiceNotFound, or a wrong port: kubectl edit apiservice v1beta1.metrics.k8s.io, and name its Service",
        "timeouts: masters must reach pods (--enable-aggregator-routing), hostNetwork: true helps where they do not",
        "or as it came: kubectl apply -f components.yaml, the file of its release",
    ),
    source="https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/",
)
def metrics_apiservice(evidence: Evidence) -> Iterator[Finding]:
    """metrics-server runs, and its APIService is not Available: a wrong CA, Service or port, or no way there.

    kubectl top shows nothing, autoscalers stand still, and namespaces may hang in deletion.
    """
    condition = evidence.facts.metrics_api.found
    explained = metrics(evidence)
    if condition is None or condition.status == "True" or condition.reason in NOBODY:
        return
    if not any(symptom.failed for symptom in explained):
        return
    yield Finding(
        says=f"APIService {METRICS_API} is not available: {condition.reason}: {_cut(condition.message)}",
        blames=(f"APIService/{METRICS_API}",),
        explains=explained,
        confidence=Confidence.CERTAIN if "x509" in condition.message or "certificate" in condition.message
        else Confidence.LIKELY,
        confirmed=(f"APIService {METRICS_API}: {condition.reason} {condition.message}",),
    )  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:157]}..."
