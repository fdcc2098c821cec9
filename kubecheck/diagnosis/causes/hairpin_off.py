"""A pod does not reach itself through a Service."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="Hairpin traffic is lost on a node",
    confirm=(
        "on the node: grep . /sys/class/net/*/brport/hairpin_mode (1 on the pods' ports of a bridge)",
        "on the node: iptables-save -t nat | grep KUBE-MARK-MASQ, and look for rules before KUBE-POSTROUTING",
    ),
    remedy=(
        "on {node}: set hairpinMode: true for the bridge plugin in /etc/cni/net.d, and restart the node's pods",
        "on {node}: iptables-save -c, and look for what drops or leaves unmasqueraded packets of a pod to itself",
    ),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-the-service-ip",
)
def hairpin_off(evidence: Evidence) -> Iterator[Finding]:
    """A pod that is an endpoint of a Service does not get through the Service to itself, only to others.

    Members of a cluster (databases, queues) that find each other through one Service fail now and then: each
    time the Service chooses the one that asks.
    """
    others = set(evidence.nodes_passing("network.new_service_works", "pod"))
    for node in evidence.nodes_failing("network.pod_reaches_itself", "pod"):
        if node in others:
            yield Finding(
                says=f"on node {node} a pod does not reach itself through a Service, and other pods it does",
                blames=(f"Node/{node}",),
                explains=evidence.find("network.pod_reaches_itself", node=node),
                confidence=Confidence.LIKELY,
                names={"node": node},
            )
