"""A node does not answer at all."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import incomplete_peers, metrics_of, unready_pods
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.kubelet_state import silent, unreachable


@cause(
    title="A node is down, or cut off from the network",
    confirm=(
        "kubectl describe node {node}",
        "from another node: ping {address}; nc -w 3 {address} 10250 </dev/null && echo open",
    ),
    remedy=(
        "look at the machine's console or its hypervisor: is {node} switched on, is its network up?",
        "on {node}: ip -brief address; ip route; systemctl status kubelet containerd",
        "when it will not come back: kubectl delete node {node}, so that its pods are started elsewhere",
    ),
    source="https://kubernetes.io/docs/concepts/architecture/nodes/#node-status",
)
def node_down(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet is silent, and nothing answers at the node's address from anywhere.

    All that ran there is lost for the time being: its pods, on a master its API server and its etcd member.
    """
    for node in silent(evidence):
        said = unreachable(evidence, node)
        if not said:
            continue
        name = node.name
        yield Finding(
            says=f"node {name} does not answer: the machine is down, or cut off from the network",
            blames=(f"Node/{name}",),
            explains=frozenset(s for s in evidence.symptoms if s.touches(name))
            | unready_pods(evidence, name)
            | metrics_of(evidence, name)
            | incomplete_peers(evidence, name)
            | _of_master(evidence, name),
            confidence=Confidence.CERTAIN,
            names={"node": name, "address": node.addresses[0] if node.addresses else name},
            confirmed=(said,),
        )


def _of_master(evidence: Evidence, name: str) -> frozenset[Symptom]:
    """What the loss of an API server turns red without naming its node."""
    leases = evidence.facts.leases.found
    if leases is None or name not in leases.api_servers:
        return frozenset()
    return evidence.find("controlplane.api_servers_count")
