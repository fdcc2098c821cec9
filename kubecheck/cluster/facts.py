"""What is: the facts of one cluster, read once and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network

from kubecheck.cluster.bootstrap import Bootstrap
from kubecheck.cluster.certificates import Certificates
from kubecheck.cluster.clusterinfo import ClusterInfo, SigningToken
from kubecheck.cluster.controlplane import ControlPlane
from kubecheck.cluster.dashboard import Dashboard
from kubecheck.cluster.dns import DnsSetup
from kubecheck.cluster.etcd import EtcdWrites
from kubecheck.cluster.extensions import ApiService, Webhook
from kubecheck.cluster.leases import Leases
from kubecheck.cluster.objects import Condition, Deployment, Kubelet, Node, Pod, Service, Usage
from kubecheck.cluster.priorities import PriorityClass
from kubecheck.cluster.reading import UNREAD, Reading
from kubecheck.cluster.rights import WHOLE, Part, Right
from kubecheck.cluster.workloads import Workloads
from kubecheck.outcomes import CannotTell


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
    clock: Reading[str] = UNREAD
    """The API server's own time when the facts were read, RFC 3339."""
    leases: Reading[Leases] = UNREAD
    control_plane: Reading[ControlPlane] = UNREAD
    etcd_writes: Reading[EtcdWrites] = UNREAD
    workloads: Reading[Workloads] = UNREAD
    dns_setup: Reading[DnsSetup] = UNREAD
    dns_lacks: Reading[tuple[str, ...]] = UNREAD
    """What CoreDNS must watch and may not, as ``verb resource``; absent without a Deployment of CoreDNS."""
    proxy_replaced: Reading[bool] = UNREAD
    """Whether Cilium stands in for kube-proxy; absent where there is no Cilium."""
    proxy_mode: Reading[str] = UNREAD
    """The mode that kube-proxy's ConfigMap names; absent where that does not hold its configuration."""
    api_services: Reading[tuple[ApiService, ...]] = UNREAD
    webhooks: Reading[tuple[Webhook, ...]] = UNREAD
    cluster_info: Reading[ClusterInfo] = UNREAD
    signing_tokens: Reading[tuple[SigningToken, ...]] = UNREAD
    dashboards: Reading[tuple[Dashboard, ...]] = UNREAD
    certificates: Reading[Certificates] = UNREAD
    bootstrap: Reading[Bootstrap] = UNREAD
    priority_classes: Reading[tuple[PriorityClass, ...]] = UNREAD
    """Read where pods are to be created."""
    missing_rights: Reading[tuple[Right, ...]] = UNREAD
    """What this run needs and its credentials may not do, asked before anything was created."""

    def node(self, name: str) -> Node:
        """The node called ``name``. Raises KeyError."""
        return self.nodes[self.places[name]]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each node stands among all, by its name."""
        return {node.name: place for place, node in enumerate(self.nodes)}

    def may_not(self, part: Part) -> str:
        """The missing rights without which nothing of ``part`` can be done, in words.

        Empty when there is none, as far as is known.
        """
        missing = self.missing_rights.found or ()
        essential = dict.fromkeys(str(each) for each in missing if each.part is part and each.checks == WHOLE)
        return f"these credentials may not {', '.join(essential)}" if essential else ""

    @property
    def published_cidrs(self) -> tuple[str, ...]:
        """The Service CIDRs; empty where the API server publishes none. Raises CannotTell."""
        return () if self.service_cidrs.absent else self.service_cidrs.value

    @property
    def probed_nodes(self) -> tuple[Node, ...]:
        """The nodes that carry probe pods."""
        return tuple(node for node in self.nodes if node.probed)

    @property
    def coredns(self) -> Deployment | None:
        """The Deployment of cluster DNS that is CoreDNS's; None where there is none, or none is known."""
        return next((each for each in self.dns_deployments.found or () if each.coredns), None)

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
