"""Strict verifiers refuse the CA."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="Strict verifiers refuse the cluster's CA",
    confirm=(
        "kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -text",
    ),
    remedy=(
        "make the CA anew with the same key and with key usage, basic constraints and a key identifier: basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash",
        "until then, in Python 3.13: context.verify_flags &= ~ssl.VERIFY_X509_STRICT",
    ),
    source="https://docs.python.org/3/library/ssl.html#ssl.create_default_context",
)
def authority_not_strict(evidence: Evidence) -> Iterator[Finding]:
    """The CA lacks extensions that RFC 5280 asks of one; Python 3.13 refuses what it signs.

    Clients in Go and older ones do not mind.
    """
    for symptom in evidence.find("certs.authority_strict", failed=True):
        certificates = evidence.facts.certificates.found
        root = (certificates.root.found if certificates else None) or ()
        names = [each.common_name or each.subject for each in root if each.strict_problems]
        yield Finding(
            says=symptom.message,
            blames=tuple(f"CA/{name}" for name in names) or ("CA/kubernetes",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            confirmed=(symptom.message,),
        )
