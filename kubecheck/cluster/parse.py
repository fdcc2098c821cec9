"""From the API server's JSON to facts: one function for each kind of object."""

from __future__ import annotations

import math
import re
from typing import Any

from kubecheck.cluster.objects import Condition, Deployment, Node, Pod, Resources, Service, ServicePort, Usage

Json = dict[str, Any]

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(text: str) -> float:
    """A Kubernetes quantity as a number: "250m" is 0.25, "1Gi" is 1073741824. Raises ValueError."""
    matched = re.fullmatch(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)", str(text).strip())
    if matched is None or matched[2] not in _SUFFIXES:
        raise ValueError(f"{text!r} is not a Kubernetes quantity")
    found = float(matched[1]) * _SUFFIXES[matched[2]]
    if not math.isfinite(found):
        raise ValueError(f"{text[:20]}... is more than can be")
    return found


def condition(item: Json) -> Condition:
    """A status condition."""
    return Condition(
        type=item.get("type", ""),
        status=item.get("status", ""),
        reason=item.get("reason") or "",
        message=item.get("message") or "",
        since=item.get("lastTransitionTime") or "",
    )


def node(item: Json) -> Node:
    """A Node. Its name is what all else is told by, so it must be one."""
    name = item["metadata"]["name"]
    if not isinstance(name, str):
        raise TypeError("the name of a node is no text")
    spec, status = item.get("spec", {}), item.get("status", {})
    info = status.get("nodeInfo", {})
    capacity, allocatable = status.get("capacity", {}), status.get("allocatable") or {}
    return Node(
        name=name,
        addresses=tuple(a["address"] for a in status.get("addresses") or () if a["type"] == "InternalIP"),
        conditions=tuple(condition(c) for c in status.get("conditions") or ()),
        kubelet_version=info.get("kubeletVersion", ""),
        runtime=info.get("containerRuntimeVersion", ""),
        os=info.get("operatingSystem") or "linux",
        architecture=info.get("architecture", ""),
        unschedulable=bool(spec.get("unschedulable")),
        taints=tuple(f"{t['key']}={t.get('value', '')}:{t['effect']}" for t in spec.get("taints") or ()),
        pod_cidrs=tuple(spec.get("podCIDRs") or ()),
        cpu=quantity(capacity.get("cpu", "0")),
        memory=quantity(capacity.get("memory", "0")),
        kubelet_port=((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port")
        or 10250,
        allocatable=_resources(allocatable),
        pod_slots=int(quantity(allocatable.get("pods", "0"))),
    )


def pod(item: Json) -> Pod:
    """A Pod."""
    metadata, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    containers = status.get("containerStatuses") or []
    every = [*containers, *(status.get("initContainerStatuses") or [])]
    waiting = [c["state"]["waiting"].get("reason", "") for c in every if "waiting" in c.get("state", {})]
    readiness: Json = next((c for c in status.get("conditions") or () if c["type"] == "Ready"), {})
    ended, ending = _last_end(every)
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        node=spec.get("nodeName") or "",
        phase=status.get("phase", ""),
        ready=readiness.get("status") == "True",
        address=status.get("podIP") or "",
        host_network=bool(spec.get("hostNetwork")),
        labels=dict(metadata.get("labels") or {}),
        restarts=sum(c.get("restartCount", 0) for c in containers),
        waiting=", ".join(sorted(set(filter(None, waiting)))),
        started=status.get("startTime") or "",
        deleted=metadata.get("deletionTimestamp") or "",
        finalizers=tuple(metadata.get("finalizers") or ()),
        priority=spec.get("priority") or 0,
        requests=_requests(spec),
        ready_since=readiness.get("lastTransitionTime") or metadata.get("creationTimestamp") or "",
        ended=ended,
        ending=ending,
        addresses=tuple(each["ip"] for each in status.get("podIPs") or ()),
    )


def _requests(spec: Json) -> Resources:
    """What all containers of a pod request together; the scheduler reckons with that at most.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    every = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    asked = [_resources((container.get("resources") or {}).get("requests") or {}) for container in every]
    asked.append(_resources(spec.get("overhead") or {}))
    return Resources(sum(each.cpu for each in asked), sum(each.memory for each in asked))


def _resources(told: Json) -> Resources:
    return Resources(quantity(told.get("cpu", "0")), quantity(told.get("memory", "0")))


def _last_end(containers: list[Json]) -> tuple[str, str]:
    """When and how a container of the pod last ended and was, or is to be, started again."""
    ends = [
        (end.get("finishedAt") or "", c["name"], end)
        for c in containers
        if (end := (c.get("lastState") or {}).get("terminated"))
    ]
    if not ends:
        return "", ""
    when, name, end = max(ends, key=lambda each: each[0])
    return (
        when,
        f"container {name}, exit code {end.get('exitCode')}, {end.get('reason') or 'no reason given'}",
    )


def service(item: Json, slices: list[Json]) -> Service:
    """A Service with the ready endpoints that its EndpointSlices list."""
    metadata, spec = item["metadata"], item.get("spec", {})
    ready = {
        address
        for part in slices
        for endpoint in part.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"]
    }
    return Service(
        namespace=metadata["namespace"],
        name=metadata["name"],
        cluster_ips=tuple(spec.get("clusterIPs") or filter(None, [spec.get("clusterIP")])),
        ports=tuple(
            ServicePort(p.get("name") or "", p.get("protocol", "TCP"), p["port"], p.get("nodePort") or 0)
            for p in spec.get("ports") or ()
        ),
        selector=dict(spec.get("selector") or {}),
        endpoints=tuple(sorted(ready)),
    )


def deployment(item: Json) -> Deployment:
    """A Deployment."""
    status = item.get("status", {})
    pods = item["spec"].get("template", {}).get("spec", {})
    return Deployment(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        wanted=item["spec"].get("replicas", 1),
        ready=status.get("readyReplicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        conditions=tuple(condition(c) for c in status.get("conditions") or ()),
        account=str(pods.get("serviceAccountName") or "default"),
        images=tuple(str(container.get("image") or "") for container in pods.get("containers") or ()),
    )


def node_usage(item: Json) -> tuple[str, Usage]:
    """A NodeMetrics row: the node's name and its usage."""
    used = item.get("usage", {})
    return item["metadata"]["name"], Usage(
        quantity(used.get("cpu", "0")), quantity(used.get("memory", "0")), item.get("timestamp", "")
    )


def pod_usage(item: Json) -> tuple[str, Usage]:
    """A PodMetrics row: ``namespace/name`` and the sum over its containers."""
    containers = item.get("containers") or []
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}", Usage(
        sum(quantity(c["usage"].get("cpu", "0")) for c in containers),
        sum(quantity(c["usage"].get("memory", "0")) for c in containers),
        item.get("timestamp", ""),
    )


def metric(page: str, name: str) -> float | None:
    """The value of a metric without labels on a Prometheus text page; None without a number."""
    found = re.search(rf"^{re.escape(name)}(?:\{{\}})? (\S+)", page, re.MULTILINE)
    value = float(found[1]) if found else math.nan
    return value if math.isfinite(value) else None
