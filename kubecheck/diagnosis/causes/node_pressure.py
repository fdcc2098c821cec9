"""A node is short of something."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import NO_SPACE, without_new_pods
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

    The run's own pods may be among those that were evicted. A disk may be full before it reports that: then
    new pods do not start, and their runtime says why.
    """
    short = {s.node: s for s in evidence.find("nodes.node_without_pressure", failed=True)}
    full = {s.node: s for s in evidence.find("network.probe_pod_runs", failed=True) if NO_SPACE in s.message}
    for name in sorted({*short, *full}):
        node = evidence.facts.node(name)
        wrong = [c.type for c in node.conditions if c.type in REMEDIES and c.status != "False"]
        lost = {
            s
            for s in evidence.find("network.probe_pod_runs", node=name)
            if any(word in s.message for word in ("Evicted", "low on resource", *wrong))
        }
        told = [each[name] for each in (short, full) if name in each]
        says = [f"reports {' and '.join(wrong) or 'pressure'}"] if name in short else []
        if name in full:
            says.append("has no space left for new pods")
            lost |= without_new_pods(evidence, name)
        lacking = dict.fromkeys([*wrong, "DiskPressure"] if name in full else wrong)
        yield Finding(
            says=f"node {name} {', and '.join(says)}",
            blames=(f"Node/{name}",),
            explains=frozenset({*told, *lost}),
            confidence=Confidence.CERTAIN,
            names={"node": name},
            confirmed=tuple(symptom.message for symptom in told),
            remedy=tuple(REMEDIES[each].replace("{node}", name) for each in lacking),
        )
