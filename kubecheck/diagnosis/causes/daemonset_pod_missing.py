"""A DaemonSet of the system has no pod on a node where it should have one."""

from collections.abc import Iterator

from kubecheck.cluster.workloads import DaemonSet
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import untold_at, without_network
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.traffic import BY_ANSWERS, around, without_kube_proxy


@cause(
    title="A system DaemonSet has no pod on a node",
    confirm=(
        "kubectl -n {namespace} get daemonset {name} -o wide",
        "kubectl -n {namespace} get pods -o wide --field-selector spec.nodeName={node}",
    ),
    remedy=(
        "kubectl -n {namespace} describe daemonset {name}, and look at its events, nodeSelector, affinity and tolerations",
        "kubectl describe node {node}, and look at its labels and taints; a DaemonSet of the system tolerates all: tolerations: [{operator: Exists}]",
        "a pod that is there and not ready: kubectl -n {namespace} get pods -o wide, describe and delete it",
    ),
    source="https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
)
def daemonset_pod_missing(evidence: Evidence) -> Iterator[Finding]:
    """A pod of a DaemonSet (the CNI's agent, kube-proxy and their like) is missing on a node, or not ready.

    Nothing else does its work there. Without the CNI's agent the node keeps the routes that it had and new
    pods may get no address, without kube-proxy new Services are not reached from there.
    """
    workloads = evidence.facts.workloads.found
    pods = evidence.facts.pods.found
    if workloads is None or pods is None:
        return
    for daemon_set in workloads.daemon_sets:
        mine = [pod for pod in pods if daemon_set.owns(pod) and not pod.deleted]
        served = {pod.node for pod in mine if pod.ready}
        present = {pod.node for pod in mine}
        rollout = {
            s
            for s in evidence.find("controlplane.no_rollout_is_stuck")
            if s.target == f"DaemonSet {daemon_set.full_name}"
        }
        for node in evidence.facts.probed_nodes:
            name = node.name
            if name in served or not node.ready or not mine:
                continue
            explained = _own(evidence, daemon_set, name) | rollout
            if not any(symptom.failed for symptom in explained):
                continue
            how = "not ready" if name in present else "missing"
            yield Finding(
                says=f"the pod of DaemonSet {daemon_set.full_name} is {how} on node {name}",
                blames=(f"DaemonSet/{daemon_set.full_name}", f"Node/{name}"),
                explains=frozenset(explained),
                confidence=Confidence.CERTAIN,
                names={"namespace": daemon_set.namespace, "name": daemon_set.name, "node": name},
                confirmed=(
                    (
                        f"DaemonSet {daemon_set.full_name}: ready on"
                        f" {', '.join(sorted(served)) or 'no node'};"
                        f" {how} on {name}"
                    ),
                ),
            )


def _own(evidence: Evidence, daemon_set: DaemonSet, node: str) -> set[Symptom]:
    """What fails at ``node`` without this DaemonSet's pod there."""
    pods = {
        pod.full_name for pod in evidence.facts.pods.found or () if pod.node == node and daemon_set.owns(pod)
    }
    found = {
        s
        for s in evidence.find("controlplane.system_pods_ready", "controlplane.no_system_pod_crashes")
        if s.target in pods
    }
    agent = {s for s in evidence.find("addons.cni_pod_ready", node=node) if daemon_set.full_name in s.message}
    if agent:
        found |= agent | untold_at(evidence, node) | around(evidence, node)
        # It is the CNI that keeps policies, and sources from being masked.
        found |= {s for s in evidence.find(*BY_ANSWERS) if node in (s.node, s.to)}
        if evidence.find("network.probe_pod_runs", kind="pod", node=node, failed=True):
            found |= without_network(evidence, node)
    if "kube-proxy" in daemon_set.name:
        found |= without_kube_proxy(evidence, node)
    return found
