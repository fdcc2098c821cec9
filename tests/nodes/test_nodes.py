"""Nodes: Ready, without pressure, and of one version."""

from kubecheck.checks import API, EACH_NODE, Facts, Node, NotApplicable, Policy, check, listed, minor

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
OF_KUBERNETES = ("node-role.kubernetes.io/", "node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")


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
    title="No node is short of memory, disk, process ids or its network",
    at=EACH_NODE,
    remedy=(
        "kubectl describe node NODE",
        "on the node: df -h; df -i; free -m; journalctl -u kubelet | grep -i evict",
    ),
)
def test_node_without_pressure(node: Node) -> None:
    """MemoryPressure, DiskPressure, PIDPressure and NetworkUnavailable are False, or not reported.

    A node under pressure is Ready still, and takes no new pods or evicts those that it has.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
    """
    if not node.ready:
        raise NotApplicable(f"node {node.name} is not Ready, so what it reported last may be over")
    found = [c for c in node.conditions if c.type in PRESSURES and c.status != "False"]
    assert not found, f"node {node.name}: " + "; ".join(
        f"{c.type}={c.status} since {c.since or 'ever'}: {c.reason} {c.message}" for c in found
    )


@check(
    title="All kubelets run one version, where policy asks for that",
    at=API,
    runbook=("R20",),
    remedy=("kubectl get nodes", "upgrade the kubelets that are not of the version of most"),
)
def test_one_kubelet_version(facts: Facts, policy: Policy) -> None:
    """The nodes' kubelets are of one version, to the patch.

    Source: https://kubernetes.io/releases/version-skew-policy/#kubelet
    """
    if not policy.nodes.one_version:
        raise NotApplicable("policy does not ask for one version on all nodes (nodes.one_version)")
    versions: dict[str, list[str]] = {}
    for node in facts.nodes:
        versions.setdefault(node.kubelet_version, []).append(node.name)
    groups = sorted(versions.items(), key=lambda each: len(each[1]))
    assert len(versions) == 1, "kubelets run different versions: " + "; ".join(
        f"{version} on {listed(names)}" for version, names in groups
    )


@check(
    title="Each kubelet's version is inside the supported skew",
    at=EACH_NODE,
    runbook=("R20",),
    remedy=(
        "kubectl get nodes; kubectl version",
        "upgrade what is older: a node's kubelet, or the API servers, before which no kubelet is upgraded",
    ),
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
    remedy=(
        "kubectl get nodes -o wide; kubectl describe node NODE, and look at Taints",
        "where masters are to run pods: kubectl taint nodes NODE node-role.kubernetes.io/control-plane-",
    ),
)
def test_some_node_takes_pods(facts: Facts) -> None:
    """Some node is Ready, schedulable, runs Linux, and has no taint of Kubernetes' own.

    Such a taint keeps a node for the control plane, or says that it is unfit. Where all nodes have one, what
    is deployed stays Pending. A taint of anybody else keeps a node for certain pods, and those it takes.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    kept_away = {node.name: _why_no_pods(node) for node in facts.probed_nodes}
    assert not all(kept_away.values()), f"none of {len(facts.nodes)} nodes takes pods: " + listed(
        [f"{name} {why}" for name, why in kept_away.items()] or ["none runs Linux"], "; "
    )


def _why_no_pods(node: Node) -> str:
    """What keeps pods away from a node, empty when nothing does."""
    if not node.ready:
        return "is not Ready"
    if node.unschedulable:
        return "is cordoned"
    taints = [
        taint
        for taint in node.taints
        if taint.startswith(OF_KUBERNETES) and taint.endswith((":NoSchedule", ":NoExecute"))
    ]
    return f"has the taint {', '.join(taints)}" if taints else ""
