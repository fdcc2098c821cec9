"""kube-proxy works in another mode than promised."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import blamed, named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes
from kubecheck.wording import listed


@cause(
    title="kube-proxy works in another mode than promised",
    confirm=("on {node}: curl -s http://localhost:10249/proxyMode",),
    remedy=(
        "on {nodes}: load what the mode needs (ipvs: modprobe ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack)",
        "on {nodes}: set mode in kube-proxy's configuration; systemctl restart kube-proxy",
        "kubeadm: kubectl -n kube-system edit configmap kube-proxy; kubectl -n kube-system rollout restart daemonset kube-proxy",
    ),
    source="https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes",
)
def kube_proxy_mode(evidence: Evidence) -> Iterator[Finding]:
    """A node's kube-proxy runs in another mode than policy or its ConfigMap names.

    Its kernel lacks what the mode needs, or it was configured differently; Services behave differently there.
    """
    failed = evidence.find("addons.kube_proxy_mode", failed=True)
    if failed:
        nodes = at_nodes(failed)
        yield Finding(
            says=f"kube-proxy works in another mode than promised on {named(nodes)}",
            blames=blamed(failed),
            explains=failed,
            confidence=Confidence.CERTAIN,
            names={"node": nodes[0], "nodes": listed(nodes)},
            confirmed=tuple(sorted(s.message for s in failed))[:2],
        )
