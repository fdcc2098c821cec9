"""Ranges of addresses collide."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence

CHECKS = (
    "controlplane.pod_cidrs_are_apart",
    "controlplane.pod_cidrs_and_service_cidr",
    "controlplane.node_addresses_are_apart",
)

# As controlplane.node_addresses_are_apart says it.
IN_PODS, IN_SERVICES = "lies in pod CIDR", "lies in Service CIDR"
OTHER_ADDRESS = (
    "on {node}: give it an address outside of the Service CIDR, and its kubelet --node-ip; systemctl restart kubelet",
    "or on every master another range for Services, which are made anew for it: --service-cluster-ip-range of kube-apiserver and kube-controller-manager, and certificates of kube-apiserver for its first address",
)


@cause(
    title="Ranges of pods, Services and nodes collide",
    confirm=(
        "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDRS:.spec.podCIDRs,ADDRESS:.status.addresses",
        "kubectl get servicecidrs, and look at --cluster-cidr in kube-controller-manager's unit or manifest",
    ),
    remedy=(
        "on every master: give --cluster-cidr of kube-controller-manager a range of its own, apart from --service-cluster-ip-range and from the nodes' network; systemctl restart kube-controller-manager",
        "a node keeps its range until it joins anew: kubectl drain {node} --ignore-daemonsets && kubectl delete node {node}",
        "on {node}, once it is deleted: systemctl restart kubelet",
    ),
    source="https://kubernetes.io/docs/concepts/cluster-administration/networking/",
)
def pod_cidrs_overlap(evidence: Evidence) -> Iterator[Finding]:
    """Two nodes share pod addresses, or pods share addresses with Services or nodes.

    Packets go to whom the nearer route names: connections fail by address, which looks like chance.
    """
    for symptom in sorted(evidence.find(*CHECKS, failed=True), key=lambda each: each.check):
        nodes = [node.name for node in evidence.facts.nodes if symptom.touches(node.name)]
        names = {"node": nodes[-1] if nodes else ""}
        of_pods = IN_PODS in symptom.message or IN_SERVICES not in symptom.message
        yield Finding(
            says=symptom.message,
            blames=tuple(f"Node/{name}" for name in nodes)
            or ("Flag/kube-controller-manager/--cluster-cidr",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            names=names,
            confirmed=(symptom.message,),
            remedy=() if of_pods else tuple(filled(step, names) for step in OTHER_ADDRESS),
        )
