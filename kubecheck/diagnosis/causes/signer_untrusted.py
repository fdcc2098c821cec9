"""The controller-manager signs with a CA that API servers do not believe."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.signing import NEW_CERTIFICATE


@cause(
    title="Certificates are signed by a CA that API servers do not believe",
    confirm=(
        "on each master: tr '\\0' '\\n' </proc/$(pidof kube-controller-manager)/cmdline | grep signing-cert",
        "on each master: tr '\\0' '\\n' </proc/$(pidof kube-apiserver)/cmdline | grep client-ca-file",
        "openssl x509 -noout -subject -ext subjectKeyIdentifier -in FILE, for each of the two",
    ),
    remedy=(
        "on every master: --cluster-signing-cert-file and --cluster-signing-key-file of kube-controller-manager must be the CA that --client-ca-file of kube-apiserver names; then restart kube-controller-manager",
        "or add the signer's CA to the file of --client-ca-file, and restart kube-apiserver",
        "then a new certificate for each node that holds one of the wrong CA",
        *NEW_CERTIFICATE,
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers",
)
def signer_untrusted(evidence: Evidence) -> Iterator[Finding]:
    """What the controller-manager signs leads to none of the client CAs that API servers publish.

    Requests are approved and signed as if all were well, and with the new certificate a node gets 401 from
    every API server: new nodes do not join, and old ones drop out when they renew.
    """
    standing = evidence.standing
    rehearsal = standing.rehearsal.found if standing else None
    certificates = evidence.facts.certificates.found
    aggregation = certificates.aggregation.found if certificates else None
    if not (rehearsal and rehearsal.certificate and aggregation and aggregation.clients):
        return
    mine = rehearsal.certificate
    if any(mine.signed_by(authority) for authority in aggregation.clients):
        return
    believed = ", ".join(authority.subject for authority in aggregation.clients)
    yield Finding(
        says=f"the controller-manager signs with a CA ({mine.issuer}) that is none of those that API servers"
        f" believe ({believed})",
        blames=("Flag/kube-controller-manager/--cluster-signing-cert-file",),
        explains=evidence.find("certs.issued_certificate_is_believed"),
        confidence=Confidence.CERTAIN,
        confirmed=tuple(s.message for s in evidence.find("certs.issued_certificate_is_believed")),
    )
