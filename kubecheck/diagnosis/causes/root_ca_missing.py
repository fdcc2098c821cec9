"""Namespaces lack the cluster's CA."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.wording import listed


@cause(
    title="Namespaces lack the cluster's CA",
    confirm=("kubectl get configmaps --all-namespaces --field-selector metadata.name=kube-root-ca.crt",),
    remedy=(
        "kubectl -n {namespace} delete configmap kube-root-ca.crt: the controller-manager makes it anew at once",
        "it does not: on every master, --root-ca-file and --controllers=* of kube-controller-manager; journalctl -u kube-controller-manager | grep root-ca",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/",
)
def root_ca_missing(evidence: Evidence) -> Iterator[Finding]:
    """ConfigMap kube-root-ca.crt is missing in a namespace, or holds another CA than elsewhere.

    Pods there do not start, or do not believe the API servers.
    """
    certificates = evidence.facts.certificates.found
    strays = (certificates.strays.found if certificates else None) or {}
    for symptom in evidence.find("certs.root_ca_everywhere", failed=True):
        names = list(strays)
        yield Finding(
            says=f"ConfigMap kube-root-ca.crt is missing or another in {len(names)} namespaces:"
            f" {listed(names)}",
            blames=tuple(f"ConfigMap/{name}/kube-root-ca.crt" for name in names[:5])
            or ("ConfigMap/kube-root-ca.crt",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            names={"namespace": names[0] if names else ""},
            confirmed=(symptom.message,),
        )
