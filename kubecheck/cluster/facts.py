"""What is: the facts of one cluster, read once and frozen.

A fact that could not be read stays in its place and says why: a check that needs it gets
CannotTell from ``Reading.value`` and is judged unknown, never passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Generic, TypeVar

from kubecheck.outcomes import CannotTell

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """A fact, or the reason why it could not be read.

    ``absent`` is the one reason that is itself a fact: the API server knows no such object.
    """

    found: T | None = None
    problem: str = ""
    absent: bool = False

    @property
    def value(self) -> T:
        """The fact. Raises CannotTell with the reason when it could not be read."""
        if self.found is None:
            raise CannotTell(self.problem or "it was not read")
        return self.found


@dataclass(frozen=True)
class Condition:
    """One of an object's status conditions."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str = ""


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
    """A Deployment's replicas; ``conditions`` tell a rollout that is stuck behind old replicas."""

    namespace: str
    name: str
    wanted: int
    ready: int
    updated: int
    conditions: tuple[Condition, ...] = ()


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

    """

    client_certificate_seconds: float | None
    cluster_dns: tuple[str, ...]
    cluster_domain: str


@dataclass(frozen=True)
class Facts:
    """The cluster. ``server`` is the address the kubeconfig names."""

    server: str
    server_version: str
    nodes: tuple[Node, ...]
    pods: Reading[tuple[Pod, ...]]
    kubernetes_service: Reading[Service]
    dns_service: Reading[Service]
    dns_deployments: Reading[tuple[Deployment, ...]]
    dns_domain: Reading[str]
    service_cidrs: Reading[tuple[str, ...]]
    metrics_api: Reading[Condition]
    node_usage: Reading[dict[str, Usage]]
    pod_usage: Reading[dict[str, Usage]]
    kubelets: dict[str, Reading[Kubelet]]

    def node(self, name: str) -> Node:
        """The node called ``name``. Raises KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    @property
    def probed_nodes(self) -> tuple[Node, ...]:
        """The nodes that carry probe pods."""
        return tuple(node for node in self.nodes if node.probed)

    @property
    def dns_pods(self) -> tuple[Pod, ...]:
        """The pods that the DNS Service selects, ready or not. Raises CannotTell."""
        service = self.dns_service.value
        if not service.selector:
            raise CannotTell(f"Service {service.full_name} has no selector, so its pods are not known")
        return tuple(
            pod
            for pod in self.pods.value
            if pod.namespace == service.namespace and service.selector.items() <= pod.labels.items()
        )


def tenth_address(cidr: str) -> str:
    """The tenth address of a Service CIDR, where cluster DNS is put by convention.

    Source: kubeadm, GetDNSIP in cmd/kubeadm/app/constants.
    """
    return str(ip_network(cidr)[10])
