"""Nodes: Ready, and of one version."""

from kubecheck.checks import API, EACH_NODE, Facts, Node, check


@check(
    title="Each node is Ready",
    at=EACH_NODE,
    runbook=("R20",),
    remedy=("kubectl describe node NODE", "on the node: systemctl status kubelet containerd"),
)
def test_node_ready(node: Node) -> None:
    """The kubelet reports in time, and says that the node can run pods.

    A cordoned or tainted node that is Ready passes.
    Source: https://kubernetes.io/docs/reference/node/node-status/#condition
    """
    said = node.ready_condition
    assert node.ready, (
        f"node {node.name} is Ready={said.status} since {said.since or 'ever'}: {said.reason} {said.message}"
    )


@check(
    title="Each kubelet's version is inside the supported skew",
    at=EACH_NODE,
    runbook=("R20",),
    remedy=("upgrade the kubelet of the node: kubectl get nodes shows all versions",),
)
def test_kubelet_version_skew(facts: Facts, node: Node) -> None:
    """A kubelet is never newer than the API server, and at most three minor versions older.

    Before 1.25 a kubelet could be only two older.
    Source: https://kubernetes.io/releases/version-skew-policy/#kubelet
    """
    server, kubelet = minor(facts.server_version), minor(node.kubelet_version)
    allowed = 3 if kubelet >= 25 else 2
    assert 0 <= server - kubelet <= allowed, (
        f"node {node.name} runs kubelet {node.kubelet_version} under an API server {facts.server_version};"
        f" supported are the same minor version and {allowed} older ones"
    )


@check(
    title="There is at least one node, and one that takes pods",
    at=API,
    runbook=("R20",),
    remedy=("kubectl get nodes -o wide",),
)
def test_some_node_takes_pods(facts: Facts) -> None:
    """Some node is Ready, schedulable, and runs Linux."""
    takes = [node for node in facts.probed_nodes if node.ready and not node.unschedulable]
    assert takes, f"none of {len(facts.nodes)} nodes is Ready and schedulable"


def minor(version: str) -> int:
    """The minor version in ``v1.37.2``."""
    return int(version.removeprefix("v").split(".")[1])
