"""A kubelet is configured differently from all others."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.kubelet_fields import fields

ALSO = (
    "nodes.kubelet_configuration",
    "certs.kubelet_suites_configured",
    "nodes.kubelet_asks_for_credentials",
)


@cause(
    title="A kubelet's configuration drifts from the others",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz",
        "the same of another node, and compare: diff",
    ),
    remedy=(
        "on {node}: set {fields} as on the other nodes, in the file that the kubelet's --config names (kubeadm: /var/lib/kubelet/config.yaml) or in its flags: systemctl cat kubelet",
        "on {node}: systemctl restart kubelet",
        "meant to differ? kubelet.may_differ in kubecheck's policy",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/",
)
def kubelet_drift(evidence: Evidence) -> Iterator[Finding]:
    """One node's kubelet has other values than most kubelets of its version.

    It was changed by hand, or missed a change, and behaves differently when it matters.
    """
    for symptom in sorted(evidence.find("nodes.kubelet_drift", failed=True), key=lambda s: s.node):
        drifting = fields(symptom)
        also = {s for s in evidence.find(*ALSO, node=symptom.node, failed=True) if _same(s, drifting)}
        yield Finding(
            says=symptom.message,
            blames=(f"Node/{symptom.node}",),
            explains=frozenset({symptom, *also}),
            confidence=Confidence.CERTAIN,
            names={"node": symptom.node, "fields": ", ".join(sorted(drifting)) or "the fields that differ"},
            confirmed=(f"GET /api/v1/nodes/{symptom.node}/proxy/configz, compared with the other nodes'",),
        )


def _same(symptom: Symptom, drifting: frozenset[str]) -> bool:
    """Whether what is wrong with this node's configuration is nothing but what drifts."""
    if symptom.check == "certs.kubelet_suites_configured":
        return "tlsCipherSuites" in drifting
    wrong = fields(symptom)
    return bool(wrong) and wrong <= drifting
