"""What follows at other places when something at one node does not work: shared by several causes."""

from __future__ import annotations

from collections.abc import Sequence

from kubecheck.cluster.objects import Pod
from kubecheck.diagnosis.evidence import Evidence, Symptom

METRICS_API = "v1beta1.metrics.k8s.io"
NOBODY = {"MissingEndpoints", "EndpointsNotFound", "EndpointsInaccessible"}
"""Why an APIService is not available when its Service has nobody behind it."""
METRICS_ROWS = ("addons.node_has_metrics", "addons.node_metrics_fresh", "addons.pods_have_metrics")
METRICS = ("addons.metrics_api_available", *METRICS_ROWS)
# What is set for cluster DNS, and does not follow from its being down.
DNS_SETTINGS = (
    "dns.dns_may_watch",
    "dns.dns_service_address",
    "dns.domain_is_served",
    "dns.kubelet_cluster_dns",
    "dns.kubelets_agree",
    "dns.pod_resolv_conf",
)
PODS_SAID = ("controlplane.system_pods_ready", "controlplane.no_system_pod_crashes")
NO_SPACE = "no space left on device"
"""Why no new pod comes up on a node whose disk, or its inodes, or a table of the kernel, is full."""
# What stands still while kubelets, schedulers and controller-managers do not get through to API servers.
STANDING_STILL = (
    "nodes.node_ready",
    "controlplane.node_lease_fresh",
    "controlplane.leaders_at_work",
    "controlplane.tokens_cleaned",
    "controlplane.cluster_info_signed",
    "certs.new_node_gets_certificate",
    "certs.issued_*",
    "certs.root_ca_everywhere",
    "network.probe_pod_runs",
    "network.deployment_becomes_ready",
    *METRICS,
)
PEER_UNTOLD = "peer Deployment"  # how checks begin that could not ask the run's own Deployment


def untold_at(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What could not be told at ``node``, or about it."""
    return frozenset(s for s in evidence.symptoms if not s.failed and s.touches(node))


def without_new_pods(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What follows when no new pod comes up on ``node``: the run's own pods there are among them."""
    own = frozenset(s for s in evidence.symptoms if s.service and s.behind == {node})
    return (
        untold_at(evidence, node)
        | own
        | evidence.find("network.probe_pod_runs", "nodes.exec", "nodes.logs", "nodes.port_forward", node=node)
        | incomplete_peers(evidence, node)
    )


def without_network(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What follows when new pods on ``node`` get no network; those on the node's own need none."""
    reported = evidence.find("nodes.node_without_pressure", node=node)
    unavailable = {s for s in reported if "NetworkUnavailable" in s.message and "Pressure" not in s.message}
    own = evidence.find("network.probe_pod_runs", kind="node", node=node)
    return (without_new_pods(evidence, node) - own) | unavailable


def incomplete_peers(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """That the run's Deployment is not complete, and what could not be asked therefore.

    It is laid at ``node`` unless another one is named, or nobody has placed the replica that is missing.
    """
    standing = evidence.standing
    problem = standing.peer_problem if standing else ""
    others = [each.name for each in evidence.facts.nodes if each.name != node]
    elsewhere = any(f"on node {name}:" in problem for name in others) and f"on node {node}:" not in problem
    if not problem or elsewhere or "no scheduler" in problem or "no other pod was created" in problem:
        return frozenset()
    untold = {s for s in evidence.symptoms if not s.failed and PEER_UNTOLD in s.message}
    return evidence.find("network.deployment_becomes_ready") | untold


def unready_pods(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What follows from the cluster's own pods on ``node`` not being ready: theirs, and what they served."""
    said = frozenset(s for s in evidence.find(*PODS_SAID) if s.touches(node))
    there = [pod for pod in evidence.facts.pods.found or () if pod.node == node]
    return said | evidence.find("addons.cni_pod_ready", node=node) | of_pods(evidence, there)


def of_pods(evidence: Evidence, pods: Sequence[Pod]) -> frozenset[Symptom]:
    """What is said of ``pods``, of the workloads of those that are not ready, and of what these served."""
    lost = [pod for pod in pods if not (pod.ready and not pod.deleted)]
    names = {pod.full_name for pod in pods}
    found = {s for s in evidence.find(*PODS_SAID) if s.target in names}
    for workload in {_workload(pod) for pod in lost}:
        found |= {s for s in evidence.find("controlplane.no_rollout_is_stuck") if s.target == workload}
    found |= _of_service(evidence, lost)
    if any("metrics-server" in pod.name for pod in lost) and not _others_serve(
        evidence, lost, "metrics-server"
    ):
        found |= metrics(evidence)
    return frozenset(found)


def standing_still(evidence: Evidence) -> frozenset[Symptom]:
    """All that stands still, and what could not be asked because no probe pod was started."""
    return evidence.find(*STANDING_STILL) | {s for s in evidence.symptoms if not s.failed}


def without_dns(evidence: Evidence) -> frozenset[Symptom]:
    """What fails when nobody serves cluster DNS."""
    return evidence.find("dns.*", "network.dns_service_*") - evidence.find(*DNS_SETTINGS)


def metrics(evidence: Evidence) -> frozenset[Symptom]:
    """What fails when nobody serves the metrics API."""
    aggregated = {
        s
        for s in evidence.find("addons.aggregated_apis_available")
        if METRICS_API in f"{s.target}\n{s.message}"
    }
    return evidence.find(*METRICS) | aggregated


def metrics_unreached(evidence: Evidence) -> frozenset[Symptom]:
    """What fails when an API server does not get through to metrics-server; a single row is no such thing."""
    rows = evidence.find(*METRICS_ROWS)
    return frozenset(
        s
        for s in metrics(evidence)
        if "x509" not in s.message and (s not in rows or "could not be read" in s.message)
    )


def metrics_of(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What fails when metrics-server does not get the metrics of ``node``."""
    rows = evidence.find("addons.node_has_metrics", "addons.node_metrics_fresh", node=node)
    there = {pod.full_name for pod in evidence.facts.pods.found or () if pod.node == node}
    return rows | {
        s for s in evidence.find("addons.pods_have_metrics") if any(name in s.message for name in there)
    }


def through_kubelet(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What goes from API servers through the kubelet of ``node``: exec, logs, and all that asks by exec."""
    return untold_at(evidence, node) | evidence.find(
        "nodes.exec", "nodes.logs", "nodes.port_forward", "nodes.kubelet_refuses_anonymous", node=node
    )


def _workload(pod: Pod) -> str:
    """The Deployment or DaemonSet of ``pod`` as controlplane.no_rollout_is_stuck names it."""
    parts = pod.name.rsplit("-", 2 if "pod-template-hash" in pod.labels else 1)
    kind = "Deployment" if "pod-template-hash" in pod.labels else "DaemonSet"
    return f"{kind} {pod.namespace}/{parts[0]}"


def _of_service(evidence: Evidence, lost: list[Pod]) -> set[Symptom]:
    """What the loss of a replica of cluster DNS, or of the whole dashboard, turns red."""
    found: set[Symptom] = set()
    dns = evidence.facts.dns_service.found
    if dns and dns.selector and any(_selected(pod, dns.namespace, dns.selector) for pod in lost):
        found |= evidence.find("dns.dns_replicas_ready", "dns.replicas_spread")
        if not dns.endpoints:
            found |= without_dns(evidence)
    for dashboard in evidence.facts.dashboards.found or ():
        service = dashboard.service
        mine = [pod for pod in lost if _selected(pod, service.namespace, service.selector)]
        if mine and not service.endpoints:
            found |= evidence.find("addons.dashboard_*")
    return found


def _selected(pod: Pod, namespace: str, selector: dict[str, str]) -> bool:
    return bool(selector) and pod.namespace == namespace and selector.items() <= pod.labels.items()


def _others_serve(evidence: Evidence, lost: list[Pod], name: str) -> bool:
    pods = evidence.facts.pods.found or ()
    return any(name in pod.name and pod.ready and not pod.deleted for pod in pods if pod not in lost)
