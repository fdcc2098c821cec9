"""API servers do not publish whom those who extend them may believe."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="The aggregation layer's CA is missing or ends soon",
    confirm=("kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml",),
    remedy=(
        "on every master: kube-apiserver --requestheader-client-ca-file, --requestheader-allowed-names, --proxy-client-cert-file and --proxy-client-key-file; systemctl restart kube-apiserver",
        "kubeadm: kubeadm certs check-expiration; kubeadm certs renew front-proxy-client",
        "it ends: make a new front-proxy CA and its client certificate, and restart kube-apiserver everywhere",
    ),
    source="https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/",
)
def aggregation_authorities(evidence: Evidence) -> Iterator[Finding]:
    """ConfigMap extension-apiserver-authentication lacks the front proxy's CA, or what it holds ends soon.

    metrics-server and its like believe no request then.
    """
    failed = evidence.find("certs.aggregation_authorities", failed=True)
    if failed:
        yield Finding(
            says=min(symptom.message for symptom in failed),
            blames=("ConfigMap/kube-system/extension-apiserver-authentication",),
            explains=failed,
            confidence=Confidence.CERTAIN,
            confirmed=tuple(sorted(symptom.message for symptom in failed)),
        )
