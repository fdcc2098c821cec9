"""New pods get no network on a node."""

import re
from collections import defaultdict
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
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
# As the plugin host-local says it, which bridge, flannel and ptp get addresses from.
USED_UP = "no IP addresses available in range set"
FREE_ADDRESSES = (
    "on {node}: ls /var/lib/cni/networks/*, and compare with the pods there: kubectl get pods -A -o wide --field-selector spec.nodeName={node}",
    "more addresses are taken than pods are there: kubectl drain {node} --ignore-daemonsets",
    "on {node}, once it is drained: delete of these each file that is called by an address, and whose first line, a sandbox's id, is none of crictl pods -q",
    "as many pods as addresses: the kubelet's maxPods below the size of the node's range, or by --node-cidr-mask-size of kube-controller-manager a larger range for nodes that join anew",
)
# Plugins with a control plane of their own, such as Calico's and Multus, ask the API server for each pod.
ASKS_API = re.compile(r"ClusterInformation|\bunauthorized\b|https://[^\s/]+/apis?/", re.IGNORECASE)
ITS_KUBECONFIG = (
    "kubectl get pods -A -o wide, and delete the CNI's pod on {node}: it writes the plugin's credentials anew",
    "on {node}: ls -l /etc/cni/net.d, and look at the age of the kubeconfig there, and at the API server that it names",
    "on {node}: nc -w 3 API-SERVER PORT </dev/null && echo open",
)


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
        why = min(symptom.message for symptom in symptoms)
        what, confidence, remedy = _kind(why)
        names = {"node": node}
        yield Finding(
            says=f"new pods get no network on node {node}: {what}",
            blames=(f"Node/{node}",),
            explains=without_network(evidence, node) | symptoms | pods_cut_off(evidence, node),
            confidence=confidence,
            names=names,
            confirmed=(why,),
            remedy=tuple(filled(step, names) for step in remedy),
        )


def _kind(why: str) -> tuple[str, Confidence, tuple[str, ...]]:
    """What fails by what the runtime says, how sure that is, and what mends it where it is not the usual."""
    if USED_UP in why:
        return "all addresses of its range are taken", Confidence.CERTAIN, FREE_ADDRESSES
    if ASKS_API.search(why):
        said = (
            "the CNI's plugin does not get what it asks the API server for: its credentials, or the way there"
        )
        return said, Confidence.LIKELY, ITS_KUBECONFIG
    return "the CNI fails there", Confidence.CERTAIN, ()
