"""Versions of one node do not go together with the API server's."""

from collections.abc import Iterator

from kubecheck.checks import minor
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom, at_nodes

INSTALLED = (
    "kubectl drain {node} --ignore-daemonsets",
    "on {node}, as a binary install: put kubelet and kube-proxy {version} in place, then: systemctl restart kubelet kube-proxy",
    "on {node}, as kubeadm made it: install kubeadm {version}, run kubeadm upgrade node, install kubelet and kubectl, then: systemctl restart kubelet",
    "kubectl uncordon {node}",
)


@cause(
    title="A node's version does not fit",
    confirm=("kubectl get nodes; kubectl version", "on the node: kube-proxy --version; kubelet --version"),
    remedy=(
        "where the kubelet is the newer one: upgrade all API servers to its version first, or go back to {version} on {node}",
        *INSTALLED,
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
        explained |= evidence.find("nodes.one_kubelet_version")
        newer = minor(facts.node(name).kubelet_version) > minor(facts.server_version)
        yield _finding((name,), explained, facts.server_version, newer=newer)
    versions = [node.kubelet_version for node in facts.nodes]
    most = max(versions, key=versions.count, default="")
    odd = tuple(node.name for node in facts.nodes if node.kubelet_version != most)
    mixed = evidence.find("nodes.one_kubelet_version", failed=True)
    if odd and mixed:
        yield _finding(odd, mixed, most)


def _finding(
    nodes: tuple[str, ...], explained: frozenset[Symptom], version: str, *, newer: bool = False
) -> Finding:
    """``version`` is the one for these nodes; ``newer`` says that their kubelets are newer than the API server."""
    said = sorted(s.message for s in explained if s.failed)
    names = {"node": nodes[0], "version": version}
    return Finding(
        says=said[0],
        blames=tuple(f"Node/{name}" for name in nodes),
        explains=explained,
        confidence=Confidence.CERTAIN,
        names=names,
        confirmed=tuple(said),
        remedy=() if newer else tuple(filled(step, names) for step in INSTALLED),
    )
