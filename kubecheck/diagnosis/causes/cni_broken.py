"""New pods get no network on a node."""

import re
from collections import defaultdict
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import NO_SPACE, without_network
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.traffic import pods_cut_off

# What containerd, docker and CRI-O say of a CNI that fails or is not there. A sandbox fails for other reasons too.
SAYS_SO = re.compile(
    r"network ?plugin|cni (?:plugin|config|network)|/cni/|plugin type=|network for (?:sandbox|pod)"
    r"|pod network sandbox",
    re.IGNORECASE,
)
# Runtimes say these of whatever they could not write just then, a plugin's file among it.
OTHERS = re.compile(rf"cgroup|{NO_SPACE}", re.IGNORECASE)


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
    said: dict[str, set[Symptom]] = defaultdict(set)
    for symptom in evidence.find("network.probe_pod_runs", kind="pod", failed=True) | evidence.find(
        "nodes.node_ready", failed=True
    ):
        if SAYS_SO.search(symptom.message) and not OTHERS.search(symptom.message):
            said[symptom.node].add(symptom)
    for node, symptoms in sorted(said.items()):
        yield Finding(
            says=f"new pods get no network on node {node}: the CNI fails there",
            blames=(f"Node/{node}",),
            explains=without_network(evidence, node) | symptoms | pods_cut_off(evidence, node),
            confidence=Confidence.CERTAIN,
            names={"node": node},
            confirmed=(min(symptom.message for symptom in symptoms),),
        )
