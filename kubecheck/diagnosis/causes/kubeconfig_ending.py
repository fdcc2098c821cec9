"""The credentials of the one who runs this are about to end."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="The kubeconfig's client certificate is about to end",
    confirm=("kubectl config view --raw -o jsonpath='{.users[0].user}'", "kubeadm certs check-expiration"),
    remedy=(
        "kubeadm: on a master, kubeadm certs renew admin.conf, and copy /etc/kubernetes/admin.conf",
        "binary install: sign a new certificate with the cluster's CA (O=system:masters), and put it into the kubeconfig: kubectl config set-credentials NAME --client-certificate=FILE --client-key=FILE",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/",
)
def kubeconfig_ending(evidence: Evidence) -> Iterator[Finding]:
    """The certificate in the kubeconfig that this run used ends soon; its owner is locked out then."""
    certificates = evidence.facts.certificates.found
    own = certificates.own.found if certificates else None
    for symptom in evidence.find("certs.own_client_certificate", failed=True):
        yield Finding(
            says=symptom.message,
            blames=(f"Kubeconfig/{own.common_name if own else 'user'}",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            confirmed=(symptom.message,),
        )
