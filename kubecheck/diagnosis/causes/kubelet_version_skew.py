"""Versions of one node do not go together with the API server's."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom, at_nodes


@cause(
    title="A node's version does not fit",
    confirm=("kubectl get nodes; kubectl version", "on the node: kube-proxy --version; kubelet --version"),
    remedy=(
        "kubectl drain {node} --ignore-daemonsets, upgrade kubelet and kube-proxy on it to {version}, systemctl restart kubelet kube-proxy, kubectl uncordon {node}",
        "kubeadm: kubeadm upgrade node on {node}, then the packages of kubelet and kubectl",
    ),
    source="https://kubernetes.io/releases/version-skew-policy/",
)
def kubelet_version_skew(evidence: Evidence) -> Iterator[Finding]:
    """A kubelet or a kube-proxy is newer than the API server, or more minor versions older than is supported.

    Where policy asks for one version on all nodes, those that are not of the most frequent one are told.
    """
    facts = evidence.facts
    for name in at_nodes(
        evidence.find("nodes.kubelet_version_skew", "addons.kube_proxy_version", failed=True)
    ):
        explained = evidence.find("nodes.kubelet_version_skew", "addons.kube_proxy_version", node=name)
        yield _finding((name,), explained | evidence.find("nodes.one_kubelet_version"), facts.server_version)
    versions = [node.kubelet_version for node in facts.nodes]
    most = max(versions, key=versions.count, default="")
    odd = tuple(node.name for node in facts.nodes if node.kubelet_version != most)
    mixed = evidence.find("nodes.one_kubelet_version", failed=True)
    if odd and mixed:
        yield _finding(odd, mixed, most)


def _finding(names: tuple[str, ...], explained: frozenset[Symptom], version: str) -> Finding:
    said = sorted(s.message for s in explained if s.failed)
    return Finding(
        says=said[0],
        blames=tuple(f"Node/{name}" for name in names),
        explains=explained,
        confidence=Confidence.CERTAIN,
        names={"node": names[0], "version": version},
        confirmed=tuple(said),
    )
