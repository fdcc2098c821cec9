"""metrics-server does not get the metrics of one node."""

from collections.abc import Iterator

from kubecheck.checks import CannotTell, TcpConnect, Vantage
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="metrics-server cannot scrape a node",
    confirm=(
        "kubectl -n kube-system logs deployment/metrics-server --tail=50 | grep {node}",
        "kubectl get --raw /api/v1/nodes/{node}/proxy/metrics/resource | head",
    ),
    remedy=(
        "kubectl -n kube-system logs deployment/metrics-server --tail=50 | grep {node}",
        "on {node}: iptables -S INPUT, or nft list ruleset: accept TCP {port} from pods ({from})",
        "x509 in its log: the kubelet's serving certificate is not for {node}, or of no CA that metrics-server knows: serverTLSBootstrap and kubectl certificate approve, or --kubelet-insecure-tls",
    ),
    source="https://github.com/kubernetes-sigs/metrics-server/blob/master/FAQ.md",
)
def metrics_not_scraped(evidence: Evidence) -> Iterator[Finding]:
    """metrics-server works and has rows of other nodes, and none, or none that is fresh, of this one.

    A firewall between it and the kubelet, or a serving certificate that it does not accept. Autoscalers
    reckon without the pods of the node.
    """
    rows = evidence.facts.node_usage.found
    missing = {
        symptom.node
        for symptom in evidence.find("addons.node_has_metrics", "addons.node_metrics_fresh", failed=True)
    }
    if not rows or not missing:
        return
    fresh = set(evidence.nodes_passing("addons.node_metrics_fresh", "api")) - missing
    if not fresh:
        return
    for name in sorted(missing):
        node = next((each for each in evidence.facts.nodes if each.name == name), None)
        if node is None or (name in rows and evidence.failed("addons.node_has_metrics", f"api:{name}")):
            continue  # implausible figures are no matter of reaching the node
        blocked, seat = _blocked(evidence, name)
        yield Finding(
            says=f"metrics-server has no fresh metrics of node {name}"
            + (f": a pod on {seat}, where it runs, does not reach the node's kubelet" if blocked else ""),
            blames=(f"Node/{name}",),
            explains=metrics_of(evidence, name),
            confidence=Confidence.CERTAIN if blocked else Confidence.LIKELY,
            names={"node": name, "port": str(node.kubelet_port), "from": seat or "any node"},
            confirmed=(blocked,) if blocked else (),
        )


def _blocked(evidence: Evidence, name: str) -> tuple[str, str]:
    """What a pod beside metrics-server gets at the kubelet of ``name`` if no connection, and where."""
    node = evidence.facts.node(name)
    seats = [
        pod.node for pod in evidence.facts.pods.found or () if "metrics-server" in pod.name and pod.ready
    ]
    if not seats or not node.addresses:
        return "", ""
    answer = evidence.ask(Vantage("pod", seats[0]), TcpConnect(node.addresses[0], node.kubelet_port))
    if isinstance(answer, CannotTell) or answer.got == "connected":
        return "", seats[0]
    return answer.told("a TCP connection"), seats[0]
