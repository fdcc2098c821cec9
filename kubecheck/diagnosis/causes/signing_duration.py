"""The controller-manager signs for a shorter time than is promised."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.signing import NEW_CERTIFICATE, kubelet_days, signing

FLAG = "Flag/kube-controller-manager/--cluster-signing-duration"


@cause(
    title="Kubelet certificates are signed for too short a time",
    confirm=(
        "on each master: tr '\\0' '\\n' </proc/$(pidof kube-controller-manager)/cmdline | grep signing",
        "on a node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem",
    ),
    remedy=(
        "on every master: set --cluster-signing-duration={hours}h0m0s in the unit (or static pod) of kube-controller-manager, then: systemctl daemon-reload; systemctl restart kube-controller-manager",
        "then a new certificate for each node that holds a short one",
        *NEW_CERTIFICATE,
    ),
    source="https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/",
)
def signing_duration(evidence: Evidence) -> Iterator[Finding]:
    """The signer's own limit is shorter than what was promised. It is a year unless a flag says otherwise.

    What is issued now ends that early, whatever the nodes hold already; a node that is off or cannot renew
    when its time comes drops out of the cluster.
    """
    wanted = evidence.policy.certificates.issued_min_days
    found = signing(evidence)
    issued = evidence.find("certs.issued_for_long_enough", failed=True)
    held = evidence.find("certs.kubelet_client_certificate", failed=True)
    explained = set() if found.cut else set(issued)
    days = found.days
    for symptom in held:
        left = kubelet_days(evidence, symptom.node)
        if left is not None and not found.ends_with_authority(left):
            alike = found.as_issued(left) and days < evidence.policy.certificates.kubelet_client_min_days
            # Where nothing was issued that could be looked at, all kubelets alike speak for the signer.
            if (alike and not found.cut) or (not days and len(held) == len(evidence.facts.nodes) > 1):
                explained.add(symptom)
    if not explained or any("rehearse" in symptom.message for symptom in issued):
        return
    seen = [symptom.message for symptom in issued]
    promised = max(wanted, evidence.policy.certificates.kubelet_client_min_days)
    yield Finding(
        says=f"the controller-manager signs kubelet certificates for {days:.0f} days, and"
        f" {promised} are promised"
        if days
        else f"all kubelets hold certificates for less than the {promised} days that are promised",
        blames=(FLAG,),
        explains=frozenset(explained),
        confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        # A little more than promised: what is issued today shall do tomorrow too.
        names={"hours": str(24 * (promised + max(1, promised // 100)))},
        confirmed=tuple(seen),
    )
