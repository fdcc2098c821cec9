"""The controllers that look after bootstrap tokens do not run."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

CHECKS = {
    "controlplane.cluster_info_signed": "bootstrapsigner",
    "controlplane.tokens_cleaned": "tokencleaner",
}


@cause(
    title="bootstrapsigner or tokencleaner does not run",
    confirm=(
        "kubectl -n kube-public get configmap cluster-info -o yaml",
        "kubectl -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token",
    ),
    remedy=(
        "on every master: kube-controller-manager --controllers=*,bootstrapsigner,tokencleaner, then systemctl restart kube-controller-manager",
        "kubectl -n kube-public get configmap cluster-info -o yaml, and look for jws-kubeconfig-TOKEN",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/",
)
def bootstrap_controllers(evidence: Evidence) -> Iterator[Finding]:
    """These two controllers run only where --controllers names them, because * leaves them out.

    Without bootstrapsigner a machine that joins by cluster-info cannot trust it; without tokencleaner
    expired tokens stay.
    """
    found = {check: evidence.find(check, failed=True) for check in CHECKS}
    missing = [CHECKS[check] for check, symptoms in found.items() if symptoms]
    if missing:
        symptoms = frozenset().union(*found.values())
        yield Finding(
            says=f"kube-controller-manager does not run {' and '.join(missing)}",
            blames=("Flag/kube-controller-manager/--controllers",),
            explains=symptoms,
            confidence=Confidence.LIKELY,
            confirmed=tuple(sorted(symptom.message for symptom in symptoms)),
        )
