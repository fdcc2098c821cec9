"""One kubelet's client certificate is about to end."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.signing import NEW_CERTIFICATE, kubelet_days, signing


@cause(
    title="A kubelet's client certificate is about to end",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/metrics | grep certificate_manager_client_ttl",
        "on the node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem",
    ),
    remedy=(
        *NEW_CERTIFICATE,
        "kubectl get csr --sort-by=.metadata.creationTimestamp, and look whether its request is approved",
        "rotateCertificates: true in the kubelet's configuration has it renewed in time by itself",
    ),
    source="https://kubernetes.io/docs/tasks/tls/certificate-rotation/",
)
def client_certificate_ending(evidence: Evidence) -> Iterator[Finding]:
    """This kubelet's certificate ends soon, and neither the CA's end nor the signer's limit is the reason.

    It was not renewed when it was time, or came from elsewhere. When it ends, the node drops out of the
    cluster and cannot come back by itself.
    """
    found = signing(evidence)
    held = evidence.find("certs.kubelet_client_certificate", failed=True)
    all_alike = len(held) == len(evidence.facts.nodes) > 1
    for symptom in sorted(held, key=lambda each: each.node):
        left = kubelet_days(evidence, symptom.node)
        if left is None or found.ends_with_authority(left) or found.as_issued(left):
            continue
        if all_alike and not found.days:
            continue
        reading = evidence.facts.kubelets[symptom.node].found
        renews = bool(reading and reading.config.get("rotateCertificates"))
        yield Finding(
            says=f"the client certificate of the kubelet of {symptom.node} ends in {left:.1f} days"
            + ("" if renews else ", and it does not renew it itself (rotateCertificates is off)"),
            blames=(f"Node/{symptom.node}",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            names={"node": symptom.node},
            confirmed=(symptom.message,),
        )
