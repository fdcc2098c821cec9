"""The CA ends before what it is to sign."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.signing import kubelet_days, signing

# Those that tell the end of what a certificate leads to.
TELL_ENDS = (
    "certs.aggregation_authorities",
    "certs.api_server_certificates",
    "certs.front_certificate",
    "certs.kubeconfig_server_certificate",
    "certs.kubernetes_service_certificate",
)


@cause(
    title="The cluster's CA ends too early",
    confirm=(
        "kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -dates",
        "on a master: openssl x509 -noout -dates -in /etc/kubernetes/pki/ca.pem (kubeadm: ca.crt)",
    ),
    remedy=(
        "make a CA that lasts for {days} days and more with the same key: openssl x509 -in ca.pem -signkey ca-key.pem -days {days} -out ca-new.pem (keep its extensions: -clrext is off by default)",
        "on every master and node: put it in place of ca.pem, restart kube-apiserver, kube-controller-manager and kubelet; kubeconfigs and kube-root-ca.crt carry it too",
        "or rotate it: https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
)
def ca_ends_early(evidence: Evidence) -> Iterator[Finding]:
    """The CA's own end comes before the end that is promised for what it signs.

    A signer cuts each certificate to the end of its CA. When the CA ends, everything in the cluster ends.
    """
    found = signing(evidence)
    authority = found.authority
    if authority is None:
        return
    explained = set(evidence.find("certs.authority_valid", failed=True))
    if found.cut:
        explained |= evidence.find("certs.issued_for_long_enough", failed=True)
    for symptom in evidence.find("certs.kubelet_client_certificate", failed=True):
        left = kubelet_days(evidence, symptom.node)
        if left is not None and found.ends_with_authority(left):
            explained.add(symptom)
    explained |= {
        symptom
        for symptom in evidence.find(*TELL_ENDS, failed=True)
        if authority.subject in symptom.message and f"{authority.ends:%Y-%m-%d %H:%M}" in symptom.message
    }
    if not explained:
        return
    promised = evidence.policy.certificates
    days = max(promised.authority_min_days, promised.issued_min_days, promised.kubelet_client_min_days)
    yield Finding(
        says=f"the CA {authority.subject} ends {authority.ends:%Y-%m-%d}, in {found.authority_days:.0f} days,"
        " and so does whatever it signs",
        blames=(f"CA/{authority.common_name or authority.subject}",),
        explains=frozenset(explained),
        confidence=Confidence.CERTAIN,
        names={"days": str(days + 1)},
        confirmed=(f"kube-root-ca.crt: {authority.subject}, notAfter {authority.ends:%Y-%m-%d %H:%M} UTC",),
    )
