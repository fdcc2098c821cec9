"""Whether pods of a run could displace those of others, and what is done about it.

The scheduler makes room for a pod that fits nowhere: it evicts pods of lower priority. A pod cannot refuse
that by itself, only its PriorityClass can. It concerns the peer Deployment: probe pods name their node, and a
kubelet makes room for system-critical pods only, which no default class makes them.
Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
"""

from __future__ import annotations

from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node, Pod, Resources
from kubecheck.cluster.priorities import class_of
from kubecheck.fleet.manifests import PEER_REPLICAS
from kubecheck.policy import Policy

ENDED = ("Succeeded", "Failed")
AMPLE = Resources(cpu=0.25, memory=1024**3 / 4)
"""Many times what the peers request together, which something may raise: a webhook, or a LimitRange."""


def displacing(facts: Facts, policy: Policy) -> str:
    """How the run's pods could displace others, and what keeps them from it; empty where they could not.

    It is empty too where PriorityClasses may not be read: that is told as a right that is missing. Pods
    below 0 do not count: they are there to give way to whatever comes. Where one node has ample room, no
    scheduler makes more.
    """
    named = policy.probes.priority_class
    theirs = class_of(named, facts.priority_classes.found or ())
    if theirs is None or theirs.value <= 0 or not theirs.preempts:
        return ""
    whom = "those"
    if facts.pods.found is not None:
        there = [pod for pod in facts.pods.found if pod.node and pod.phase not in ENDED]
        lower = sum(0 <= pod.priority < theirs.value for pod in there)
        if not lower or any(_has_room(node, there) for node in facts.probed_nodes):
            return ""
        whom = str(lower)
    default = "" if named else "the default "
    return (
        f"{default}PriorityClass {theirs.name} (value {theirs.value}) lets pods displace {whom} of lower"
        " priority: set probes.priority_class in the policy to one with preemptionPolicy Never"
    )


def _has_room(node: Node, pods: list[Pod]) -> bool:
    """Whether the peers fit on the node beside the ``pods`` of the cluster, with much to spare."""
    if not node.ready or node.unschedulable or node.taints:
        return False
    here = [pod for pod in pods if pod.node == node.name]
    return (
        node.pod_slots - len(here) >= 2 * PEER_REPLICAS
        and node.allocatable.cpu - sum(pod.requests.cpu for pod in here) >= AMPLE.cpu
        and node.allocatable.memory - sum(pod.requests.memory for pod in here) >= AMPLE.memory
    )


def withheld(facts: Facts, policy: Policy) -> str:
    """Why no peer Deployment is to be made; empty where one is. Whoever names a class has chosen it."""
    return "" if policy.probes.priority_class else displacing(facts, policy)
