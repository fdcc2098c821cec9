"""A node got no pod CIDR."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes


@cause(
    title="A node has no pod CIDR",
    confirm=(
        "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDRS:.spec.podCIDRs",
        "kubectl get events --field-selector reason=CIDRNotAvailable",
    ),
    remedy=(
        "kubectl get events --field-selector reason=CIDRNotAvailable: the cluster CIDR is used up; widen --cluster-cidr, or make --node-cidr-mask-size larger, and restart kube-controller-manager on every master",
        "none of the nodes has one: --allocate-node-cidrs=true on every master",
    ),
    source="https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/",
)
def node_without_pod_cidr(evidence: Evidence) -> Iterator[Finding]:
    """The controller-manager gave this node no part of the cluster CIDR, so its pods get no addresses.

    The range is used up, or the controller-manager does not allocate.
    """
    failed = evidence.find("controlplane.node_has_pod_cidr", failed=True)
    for name in at_nodes(failed):
        mine = frozenset(symptom for symptom in failed if symptom.node == name)
        yield Finding(
            says=f"node {name} has no pod CIDR",
            blames=(f"Node/{name}",),
            explains=mine | evidence.find("network.probe_pod_runs", kind="pod", node=name),
            confidence=Confidence.CERTAIN,
            names={"node": name},
            confirmed=tuple(symptom.message for symptom in mine),
        )
