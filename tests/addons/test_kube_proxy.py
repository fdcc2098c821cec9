"""kube-proxy: on every node, in good health, of a version that fits."""

from kubecheck.checks import (
    NODES,
    CannotTell,
    Facts,
    KubeProxy,
    KubeProxyAnswer,
    Node,
    NotApplicable,
    Policy,
    Site,
    check,
    minor,
)

LAG_SECONDS = 300.0  # it brings its rules up to date every 30 seconds even when nothing changes
LEAVING = "ToBeDeletedByClusterAutoscaler"

LOOK = (
    "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide; on the node: systemctl status kube-proxy",
    "on the node: curl -s http://localhost:10256/healthz; curl -s http://localhost:10249/proxyMode",
)


def ask_kube_proxy(here: Site) -> KubeProxy:
    """kube-proxy on this node, unless something else stands in for it."""
    if not here.policy.addons.kube_proxy:
        raise NotApplicable("policy says that there is no kube-proxy (addons.kube_proxy)")
    if not here.facts.proxy_replaced.absent and here.facts.proxy_replaced.value:
        raise NotApplicable("Cilium stands in for kube-proxy here, says its ConfigMap cilium-config")
    return KubeProxy()


@check(title="kube-proxy runs and is healthy on every node", at=NODES, asks=ask_kube_proxy, remedy=LOOK)
def test_kube_proxy_healthy(answer: KubeProxyAnswer, node: Node) -> None:
    """Its health check on the node's port 10256 succeeds, and its rules have been brought up to date lately.

    The rules of a dead kube-proxy stay, so that old Services go on working while new ones, and new pods of
    old ones, are not reached. Where the CNI stands in for kube-proxy say addons.kube_proxy = false.
    Since 1.28 it says 503 on a node that the cluster autoscaler is about to remove, however well it is, so
    that load balancers lead elsewhere.
    Source: https://kubernetes.io/docs/reference/networking/virtual-ips/;
    https://www.kubernetes.dev/resources/keps/3836/
    """
    if " 503 " in answer.got and any(taint.partition("=")[0] == LEAVING for taint in node.taints):
        raise NotApplicable(
            f"node {node.name} is about to be removed (taint {LEAVING}), and kube-proxy answers 503 for that"
            " alone: whether it is healthy does not show"
        )
    answer.must_be_healthy(LAG_SECONDS)


@check(
    title="kube-proxy's version is inside the supported skew",
    at=NODES,
    asks=ask_kube_proxy,
    remedy=("upgrade kube-proxy together with the node's kubelet", *LOOK),
)
def test_kube_proxy_version(answer: KubeProxyAnswer, facts: Facts, node: Node) -> None:
    """kube-proxy is never newer than the API server, and at most three minor versions older.

    Nor is it further than that from its node's kubelet. Before 1.25 it is two versions instead of three.
    Source: https://kubernetes.io/releases/version-skew-policy/#kube-proxy
    """
    must_run(answer, node)
    if not answer.version:
        raise NotApplicable(f"kube-proxy on {node.name} does not tell its version at its port 10249")
    server, kubelet, proxy = map(minor, (facts.server_version, node.kubelet_version, answer.version))
    allowed = 3 if proxy >= 25 else 2
    assert 0 <= server - proxy <= allowed and abs(kubelet - proxy) <= allowed, (
        f"node {node.name} runs kube-proxy {answer.version} beside kubelet {node.kubelet_version} under an"
        f" API server {facts.server_version}; supported are its minor version and {allowed} older ones"
    )


@check(
    title="kube-proxy works in the promised mode",
    at=NODES,
    asks=ask_kube_proxy,
    remedy=(
        "on the node: modprobe what the mode needs, set mode in kube-proxy's configuration, restart it",
        *LOOK,
    ),
)
def test_kube_proxy_mode(answer: KubeProxyAnswer, facts: Facts, policy: Policy, node: Node) -> None:
    """The mode (iptables, ipvs, nftables) is the one that policy or kube-proxy's ConfigMap names.

    A node whose kernel lacks what the mode needs may run in another one, and Services then behave
    differently on that node.
    Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes
    """
    wanted = policy.addons.kube_proxy_mode
    if not wanted and facts.proxy_mode.absent:
        raise NotApplicable("neither policy (addons.kube_proxy_mode) nor a ConfigMap kube-proxy names a mode")
    wanted = wanted or facts.proxy_mode.value
    must_run(answer, node)
    if not answer.mode:
        raise NotApplicable(f"kube-proxy on {node.name} does not tell its mode at its port 10249")
    answer.must(answer.mode == wanted, f"mode {wanted}")


def must_run(answer: KubeProxyAnswer, node: Node) -> None:
    """Raise unless there is a kube-proxy that tells of itself: that it runs is a check of its own."""
    if answer.absent:
        raise NotApplicable(f"no kube-proxy runs on {node.name}")
    if answer.metrics_refused:
        raise NotApplicable(
            f"kube-proxy on {node.name} tells neither mode nor version:"
            " nobody listens at port 10249 of its loopback (metricsBindAddress)"
        )
    if not answer.mode and not answer.version:
        raise CannotTell(answer.told("its mode and its version"))
