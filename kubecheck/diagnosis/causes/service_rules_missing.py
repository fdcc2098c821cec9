"""kube-proxy says that it is well, and Services are not reached from its node."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import without_kube_proxy

ASKED = ("network.kubernetes_service_reachable", "network.new_service_works", "network.dns_service_over_tcp")


@cause(
    title="The rules of Services are missing on a node",
    confirm=(
        "on the node: iptables-save | grep -c KUBE-SVC, or nft list table ip kube-proxy",
        "on the node: iptables-save | grep -e DROP -e REJECT, and look for what forbids ClusterIPs",
    ),
    remedy=(
        "on {node}: systemctl restart kube-proxy (as a pod: delete it), which writes all rules anew",
        "on {node}: look for what else manages the firewall: systemctl list-units | grep -e firewall -e ufw",
    ),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-kube-proxy-working",
)
def service_rules_missing(evidence: Evidence) -> Iterator[Finding]:
    """No ClusterIP is reached from a node and its pods, while kube-proxy runs and pods are reached directly.

    Something has taken its rules away, or stands before them: a firewall service that was reloaded, a rule
    made by hand, another proxy.
    """
    for node in evidence.nodes_passing("addons.kube_proxy_healthy", "node"):
        failing = [check for check in ASKED if len(evidence.find(check, node=node, failed=True)) == 2]
        if len(failing) < 2 or evidence.find("network.pod_to_pod", node=node, failed=True):
            continue
        if not evidence.nodes_passing(failing[0], "node"):
            continue  # it is so on every node: then it is the Services' or the overlay's trouble
        yield Finding(
            says=f"no Service is reached from node {node} and its pods, though kube-proxy runs there",
            blames=(f"Node/{node}",),
            explains=without_kube_proxy(evidence, node),
            confidence=Confidence.LIKELY,
            names={"node": node},
        )
