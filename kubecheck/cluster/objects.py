"""Kubernetes objects, as far as checks judge them: frozen, with the fields that are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubecheck.outcomes import CannotTell


@dataclass(frozen=True)
class Condition:
    """One of an object's status conditions."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str = ""


@dataclass(frozen=True)
class Resources:
    """CPU in cores, memory in bytes."""

    cpu: float = 0.0
    memory: float = 0.0


@dataclass(frozen=True)
class Node:
    """A Node, as far as checks judge it. CPU in cores, memory in bytes."""

    name: str
    addresses: tuple[str, ...]
    conditions: tuple[Condition, ...]
    kubelet_version: str
    runtime: str
    os: str
    architecture: str
    unschedulable: bool
    taints: tuple[str, ...]
    pod_cidrs: tuple[str, ...]
    cpu: float
    memory: float
    kubelet_port: int = 10250
    allocatable: Resources = Resources()
    """What all of its pods together may request."""
    pod_slots: int = 0
    """How many pods it takes."""

    @property
    def ready_condition(self) -> Condition:
        """The Ready condition; Unknown where the node never reported one."""
        for condition in self.conditions:
            if condition.type == "Ready":
                return condition
        return Condition("Ready", "Unknown", message="the kubelet has never reported")

    @property
    def ready(self) -> bool:
        """True when the Ready condition is True."""
        return self.ready_condition.status == "True"

    @property
    def address(self) -> str:
        """The first InternalIP. Raises CannotTell for a node without one."""
        if not self.addresses:
            raise CannotTell(f"node {self.name} has no InternalIP")
        return self.addresses[0]

    @property
    def probed(self) -> bool:
        """Whether probe pods can stand here: Linux only."""
        return self.os == "linux"


@dataclass(frozen=True)
class Pod:
    """A Pod, as far as checks judge it."""

    namespace: str
    name: str
    node: str
    phase: str
    ready: bool
    address: str
    host_network: bool
    labels: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    waiting: str = ""
    started: str = ""
    deleted: str = ""
    finalizers: tuple[str, ...] = ()
    priority: int = 0
    requests: Resources = Resources()
    ready_since: str = ""
    """When it became ready or unready, or was created where it was never ready."""
    ended: str = ""
    """When one of its containers last ended; empty where none ever did."""
    ending: str = ""
    """How it ended: ``container etcd, exit code 1, Error``."""
    addresses: tuple[str, ...] = ()
    """One of each family that it has, ``address`` first."""

    @property
    def full_name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service."""

    name: str
    protocol: str
    port: int
    node_port: int = 0


@dataclass(frozen=True)
class Service:
    """A Service and the addresses of its ready endpoints."""

    namespace: str
    name: str
    cluster_ips: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    selector: dict[str, str] = field(default_factory=dict)
    endpoints: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def ip(self) -> str:
        """The first ClusterIP. Raises CannotTell for a headless Service."""
        for address in self.cluster_ips:
            if address != "None":
                return address
        raise CannotTell(f"Service {self.full_name} has no ClusterIP")


@dataclass(frozen=True)
class Deployment:
    """A Deployment's replicas; ``conditions`` tell a rollout that is stuck behind old replicas.

    ``account`` is its pods' ServiceAccount, ``images`` are those of their containers.
    """

    namespace: str
    name: str
    wanted: int
    ready: int
    updated: int
    conditions: tuple[Condition, ...] = ()
    account: str = ""
    images: tuple[str, ...] = ()

    @property
    def coredns(self) -> bool:
        """Whether its pods are CoreDNS, by their image or their ServiceAccount."""
        return any("coredns" in each for each in (self.account, *self.images))


@dataclass(frozen=True)
class Usage:
    """A row of ``kubectl top``: CPU in cores, memory in bytes, when it was sampled (RFC 3339)."""

    cpu: float
    memory: float
    sampled: str


@dataclass(frozen=True)
class Kubelet:
    """What one kubelet says of itself.

    ``client_certificate_seconds`` is what is left of its client certificate's life (the metric
    kubelet_certificate_manager_client_ttl_seconds), None where it does not manage one itself.
    ``config`` is its effective configuration: a KubeletConfiguration as configz shows it.
    ``started`` is when its process was, in seconds since 1970 by the node's clock; None where it is not told.
    """

    client_certificate_seconds: float | None
    config: dict[str, Any]
    started: float | None = None

    @property
    def cluster_dns(self) -> tuple[str, ...]:
        """The DNS servers that it hands to pods."""
        return tuple(self.config.get("clusterDNS") or ())

    @property
    def cluster_domain(self) -> str:
        """The DNS domain that it hands to pods, without the dot at its end that it may be written with."""
        return str(self.config.get("clusterDomain") or "").rstrip(".")
