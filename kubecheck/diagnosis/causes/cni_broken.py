"""New pods get no network on a node."""

import re
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import incomplete_peers
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import around

SAYS_SO = re.compile(r"network plugin|networkplugin|\bcni\b|network for sandbox|sandbox", re.IGNORECASE)


@cause(
    title="The CNI does not work on a node",
    confirm=(
        "kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
        "on the node: ls /etc/cni/net.d /opt/cni/bin; journalctl -u containerd --since -10min | grep -i cni",
    ),
    remedy=(
        "on {node}: compare /etc/cni/net.d and /opt/cni/bin with another node, and put back what is missing",
        "kubectl -n kube-system get pods -o wide, and delete the CNI's pod on {node}: it writes both anew",
        "on {node}: systemctl restart containerd, where it has not noticed the new configuration",
    ),
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/",
)
def cni_broken(evidence: Evidence) -> Iterator[Finding]:
    """The runtime asks the CNI for a network for each new pod, and the CNI fails.

    What runs already goes on; whatever is started or restarted on that node hangs in ContainerCreating.
    """
    for node in evidence.nodes_failing("network.probe_pod_runs", "pod"):
        said = [
            symptom.message
            for symptom in evidence.find("network.probe_pod_runs", "nodes.node_ready", node=node)
            if SAYS_SO.search(symptom.message) and "cgroup" not in symptom.message.lower()
        ]
        if not said:
            continue
        yield Finding(
            says=f"new pods get no network on node {node}: the CNI fails there",
            blames=(f"Node/{node}",),
            explains=evidence.find(
                "network.probe_pod_runs", "nodes.node_ready", "nodes.node_without_pressure", node=node
            )
            | around(evidence, node)
            | incomplete_peers(evidence, node)
            | frozenset(s for s in evidence.symptoms if s.touches(node) and not s.failed),
            confidence=Confidence.CERTAIN,
            names={"node": node},
            confirmed=tuple(said[:1]),
        )
