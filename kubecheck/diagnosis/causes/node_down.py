"""A node does not answer at all."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import incomplete_peers, metrics_of, unready_pods
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.kubelet_state import pinged, silent, unreachable


@cause(
    title="A node is down, or cut off from the network",
    confirm=(
        "kubectl describe node {node}",
        "from another node: ping {address}; nc -w 3 {address} 10250 </dev/null && echo open",
    ),
    remedy=(
        "look at the machine's console or its hypervisor: is {node} switched on, is its network up?",
        "on {node}: ip -brief address; ip route; systemctl status kubelet containerd",
        "when it will not come back, switch it off for good: two machines must not write to one volume",
        "once it is off: kubectl taint nodes {node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, and its pods and their volumes go elsewhere",
        "once they are there, and it is not needed any more: kubectl delete node {node}",
    ),
    source="https://kubernetes.io/docs/concepts/architecture/nodes/#node-status",
)
def node_down(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet is silent, and nothing answers at the node's address from anywhere.

    All that ran there is lost for the time being: its pods, on a master its API server and its etcd member.
    Pods that keep one identity, as those of a StatefulSet do, are started elsewhere only once somebody says
    that the machine is off: https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/
    """
    for node in silent(evidence):
        said = unreachable(evidence, node)
        if not said:
            continue
        name = node.name
        lost = [answer.told("an ICMP echo reply") for answer in pinged(evidence, node)]
        yield Finding(
            says=f"node {name} does not answer: the machine is down, or cut off from the network",
            blames=(f"Node/{name}",),
            explains=frozenset(s for s in evidence.symptoms if s.touches(name))
            | unready_pods(evidence, name)
            | metrics_of(evidence, name)
            | incomplete_peers(evidence, name)
            | _of_master(evidence, name),
            # One silent port may be a firewall's doing.
            confidence=Confidence.CERTAIN if lost else Confidence.LIKELY,
            names={"node": name, "address": node.addresses[0] if node.addresses else name},
            confirmed=(said, *lost[:1]),
        )


def _of_master(evidence: Evidence, name: str) -> frozenset[Symptom]:
    """What the loss of an API server turns red without naming its node."""
    leases = evidence.facts.leases.found
    if leases is None or name not in leases.api_servers:
        return frozenset()
    return evidence.find("controlplane.api_servers_count")
