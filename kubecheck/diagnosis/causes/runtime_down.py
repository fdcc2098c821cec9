"""The container runtime of a node does not run."""

import re
from collections.abc import Iterator

from kubecheck.checks import minor
from kubecheck.cluster.objects import Node
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of, through_kubelet, unready_pods, without_new_pods
from kubecheck.diagnosis.evidence import Evidence

SAYS_SO = re.compile(
    r"container runtime (?:is down|status check)|(PLEG is not healthy)|runtime is not up", re.IGNORECASE
)
UNITS = {"docker": "docker", "cri-o": "crio"}
ADAPTED = 24  # since this minor version a kubelet asks Docker through cri-dockerd


@cause(
    title="The container runtime is down on a node",
    confirm=(
        "kubectl describe node {node}, and look at the Ready condition",
        "on the node: systemctl status {unit}; crictl info",
    ),
    remedy=(
        "on {node}: systemctl restart {unit}",
        "on {node}: journalctl -u {unit} --since -15min; df -h",
        "on {node}: iostat -x 1 5, for a runtime whose disk is slow or too busy answers too late as well",
        "kubectl wait --for=condition=Ready node/{node} --timeout=60s",
    ),
    source="https://kubernetes.io/docs/setup/production-environment/container-runtimes/",
)
def runtime_down(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet runs, and says that its container runtime does not answer.

    Containers that run go on, and none can be started, stopped or looked into. The node is NotReady, so
    its pods leave their Services.
    """
    for node in evidence.facts.nodes:
        said = node.ready_condition
        tells = [found[1] for found in SAYS_SO.finditer(said.message)]
        if said.status == "True" or not tells:
            continue
        late = all(tells)
        name = node.name
        runtime = node.runtime.partition("://")[0] or "containerd"
        yield Finding(
            says=f"the container runtime ({runtime}) of node {name} does not answer its kubelet"
            + (" in time: it hangs, or its disk is slow" if late else ""),
            blames=(f"Node/{name}",),
            explains=evidence.find("nodes.node_ready", node=name)
            | through_kubelet(evidence, name)
            | without_new_pods(evidence, name)
            | unready_pods(evidence, name)
            | metrics_of(evidence, name),
            confidence=Confidence.LIKELY if late else Confidence.CERTAIN,
            names={"node": name, "unit": _unit(node, runtime)},
            confirmed=(f"Ready={said.status} since {said.since or 'ever'}: {said.message}",),
        )


def _unit(node: Node, runtime: str) -> str:
    """The unit of what the kubelet of ``node`` asks for containers, as systemctl and journalctl take it."""
    if "+k3s" in node.kubelet_version:
        return "'k3s*'"  # containerd is a part of k3s, or of k3s-agent
    if runtime == "docker" and minor(node.kubelet_version) >= ADAPTED:
        return "cri-docker"
    return UNITS.get(runtime, "containerd")
