"""What runs as the cluster's own: Deployments and DaemonSets of the system namespaces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.objects import Deployment, Pod
from kubecheck.cluster.reading import Reading


@dataclass(frozen=True)
class DaemonSet:
    """A DaemonSet. ``wanted`` pods are one for each node that it selects."""

    namespace: str
    name: str
    selector: dict[str, str]
    wanted: int
    scheduled: int
    ready: int

    @property
    def full_name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    def owns(self, pod: Pod) -> bool:
        """Whether ``pod`` is one of its own."""
        labels = self.selector.items()
        return pod.namespace == self.namespace and bool(labels) and labels <= pod.labels.items()


@dataclass(frozen=True)
class Workloads:
    """The Deployments and DaemonSets of the system namespaces that policy names."""

    deployments: tuple[Deployment, ...]
    daemon_sets: tuple[DaemonSet, ...]

    def daemon_set(self, *names: str) -> DaemonSet | None:
        """The first DaemonSet with one of these names, None when there is none."""
        return next((found for found in self.daemon_sets if found.name in names), None)


def read_workloads(api: Api, namespaces: tuple[str, ...]) -> Workloads:
    """Two lists a namespace; one that does not exist holds nothing. Raises ApiError."""
    deployments: list[Deployment] = []
    daemon_sets: list[DaemonSet] = []
    for namespace in namespaces:
        path = f"/apis/apps/v1/namespaces/{namespace}"
        deployments += [parse.deployment(item) for item in api.items(f"{path}/deployments")]
        daemon_sets += [_daemon_set(item) for item in api.items(f"{path}/daemonsets")]
    return Workloads(tuple(deployments), tuple(daemon_sets))


def read_proxy_replacement(api: Api) -> bool:
    """Whether Cilium, by its own configuration, stands in for kube-proxy. Raises ApiError."""
    data = api.get("/api/v1/namespaces/kube-system/configmaps/cilium-config").get("data") or {}
    return data.get("kube-proxy-replacement", "false") in {"true", "strict"}


def read_proxy_mode(api: Api) -> Reading[str]:
    """The mode in the configuration that kubeadm gives to kube-proxy; iptables where that names none.

    Absent where the ConfigMap does not hold the configuration, as on EKS. Raises nothing.
    Source: KubeProxyConfigMapKey in cmd/kubeadm/app/constants/constants.go.
    """
    what = "ConfigMap kube-system/kube-proxy"
    reading = attempt(what, lambda: _mode(api.get("/api/v1/namespaces/kube-system/configmaps/kube-proxy")))
    if reading.found == "":
        return Reading(problem=f"{what} does not hold kube-proxy's configuration (config.conf)", absent=True)
    return reading


def _mode(configmap: dict[str, Any]) -> str:
    config = (configmap.get("data") or {}).get("config.conf")
    if config is None:
        return ""
    mode = re.search(r"""^mode:\s*["']?(\w+)""", config, re.MULTILINE)
    return mode[1] if mode else "iptables"


def _daemon_set(item: dict[str, Any]) -> DaemonSet:
    status = item.get("status") or {}
    return DaemonSet(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        selector=dict(item["spec"]["selector"].get("matchLabels") or {}),
        wanted=status.get("desiredNumberScheduled") or 0,
        scheduled=status.get("currentNumberScheduled") or 0,
        ready=status.get("numberReady") or 0,
    )
