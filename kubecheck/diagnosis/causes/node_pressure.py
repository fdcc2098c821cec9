"""A node is short of something."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

REMEDIES = {
    "MemoryPressure": "on {node}: free -m; ps aux --sort=-rss | head; kubectl top pod -A --sort-by=memory",
    "DiskPressure": "on {node}: df -h; df -i; crictl rmi --prune; journalctl --vacuum-size=500M",
    "PIDPressure": "on {node}: ps -eLf | wc -l; ps -eo nlwp,args --sort=-nlwp | head",
    "NetworkUnavailable": "on {node}: look at the CNI's pod, which must say that the network is there",
}


@cause(
    title="A node is short of memory, disk, process ids or its network",
    confirm=("kubectl describe node {node}",),
    remedy=("kubectl describe node {node}", "on {node}: df -h; df -i; free -m"),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
)
def node_pressure(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet reports pressure: it evicts pods, and takes no new ones.

    The run's own pods may be among those that were evicted.
    """
    for symptom in sorted(evidence.find("nodes.node_without_pressure", failed=True), key=lambda s: s.node):
        node = evidence.facts.node(symptom.node)
        wrong = [c.type for c in node.conditions if c.type in REMEDIES and c.status != "False"]
        evicted = {
            s
            for s in evidence.find("network.probe_pod_runs", node=symptom.node)
            if any(word in s.message for word in ("Evicted", "low on resource", *wrong))
        }
        yield Finding(
            says=f"node {symptom.node} reports {' and '.join(wrong) or 'pressure'}",
            blames=(f"Node/{symptom.node}",),
            explains=frozenset({symptom, *evicted}),
            confidence=Confidence.CERTAIN,
            names={"node": symptom.node},
            confirmed=(symptom.message,),
            remedy=tuple(REMEDIES[each].replace("{node}", symptom.node) for each in wrong),
        )
