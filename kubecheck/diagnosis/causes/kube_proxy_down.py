"""kube-proxy is not at work on a node."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import without_kube_proxy


@cause(
    title="kube-proxy is down on a node",
    confirm=(
        "on the node: curl -s http://localhost:10256/healthz",
        "on the node: iptables-save | grep -c KUBE-SVC, or nft list table ip kube-proxy",
    ),
    remedy=(
        "on {node}: journalctl -u kube-proxy --since -1h; systemctl restart kube-proxy",
        "or, as a pod: kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide; delete that of {node}",
    ),
    source="https://kubernetes.io/docs/reference/networking/virtual-ips/",
)
def kube_proxy_down(evidence: Evidence) -> Iterator[Finding]:
    """kube-proxy makes ClusterIPs and NodePorts work on its node. When it ends, its rules stay.

    Old Services go on working from that node until one of their pods moves; new Services are not reached
    at all. When it never ran, no Service is reached, and with DNS hardly anything works.
    """
    for node in evidence.nodes_failing("addons.kube_proxy_healthy", "node"):
        said = evidence.find("addons.kube_proxy_healthy", node=node)
        yield Finding(
            says=f"kube-proxy does not work on node {node}",
            blames=(f"Node/{node}",),
            explains=without_kube_proxy(evidence, node),
            confidence=Confidence.CERTAIN,
            names={"node": node},
            confirmed=tuple(symptom.message for symptom in said),
        )
