"""The kubelet of a node does not run."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of, through_kubelet, unready_pods, without_new_pods
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_state import REFUSED, cut_off, refused, silent, unreachable


@cause(
    title="The kubelet is down on a node",
    confirm=(
        "kubectl describe node {node}, and look at the Ready condition",
        "on the node: systemctl status kubelet; journalctl -u kubelet --since -15min",
    ),
    remedy=(
        "on {node}: systemctl restart kubelet",
        "on {node}: journalctl -u kubelet --since -15min; journalctl -u containerd --since -15min",
        "kubectl wait --for=condition=Ready node/{node} --timeout=60s",
    ),
    source="https://kubernetes.io/docs/concepts/architecture/nodes/#node-status",
)
def kubelet_down(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet has stopped. The containers on its node go on, and nobody looks after them any more.

    After some 40 s the node is NotReady and its pods leave their Services, after five minutes they are
    started elsewhere. No new pod starts there, and exec, logs and metrics of the node do not work.
    """
    for node in silent(evidence):
        said = refused(evidence, node)
        if unreachable(evidence, node) or (node in cut_off(evidence) and not said):
            continue
        name = node.name
        # Without its Lease a node that is NotReady by its kubelet's own word is no sign that this has stopped.
        leases = evidence.facts.leases.found
        stopped = node.ready_condition.status == "Unknown" or (leases is not None and name in leases.nodes)
        likely = Confidence.LIKELY if stopped else Confidence.POSSIBLE
        port = {
            s
            for s in evidence.find("network.node_to_node", "network.pod_to_node", to=name)
            if REFUSED in s.got
        }
        yield Finding(
            says=f"the kubelet of node {name} does not run"
            if said
            else f"the kubelet of node {name} has stopped reporting",
            blames=(f"Node/{name}",),
            explains=evidence.find("nodes.node_ready", "controlplane.node_lease_fresh", node=name)
            | through_kubelet(evidence, name)
            | without_new_pods(evidence, name)
            | unready_pods(evidence, name)
            | metrics_of(evidence, name)
            | port,
            confidence=Confidence.CERTAIN if said else likely,
            names={"node": name},
            confirmed=(said or f"Ready={node.ready_condition.status}: {node.ready_condition.message}",),
        )
