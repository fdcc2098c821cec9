"""What a cluster promises: the policy, with every key, its default and its meaning.

The defaults are right for a cluster as kubeadm makes it. A profile (profiles/NAME.toml) changes
some of them for another way of installing; a policy file changes what is left.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kubecheck.policy.nodes import KubeletPolicy, Nodes, Runtime
from kubecheck.policy.section import Section

# A DNS subdomain, as Kubernetes wants the name of most of its objects.
SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
IMAGE = r"^[^\s@]+(@[\w+.-]+:[0-9a-fA-F]+)?$"  # credentials do not belong into it: pull_secrets are for them


class Images(Section):
    """Where the probe pods' images come from."""

    busybox: str = Field("docker.io/library/busybox:1.37", min_length=1, pattern=IMAGE)
    """The image that asks: any busybox, with nc, nslookup, wget, tftp, timeout, tar, gzip and base64."""
    nginx: str = Field("docker.io/library/nginx:1.29", min_length=1, pattern=IMAGE)
    """The image that answers: nginx and a shell, run as a user without rights on port 8080. With nginx's
    stream module (official images have it) it also answers datagrams."""
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """When nodes pull them: IfNotPresent, Always or Never."""
    pull_secrets: tuple[Annotated[str, Field(pattern=r"^[^/]+/[^/]+$")], ...] = Field((), strict=False)
    """Secrets to pull with, each ``namespace/name``; copied into the run's namespaces."""


class Probes(Section):
    """The pods that a run makes."""

    priority_class: str = Field("", max_length=253, pattern=f"^({SUBDOMAIN})?$")
    """The PriorityClass of all of them. One that is named is used as it is; with preemptionPolicy Never it
    displaces nobody. Empty: the cluster's default. Where that could displace pods of others, no Deployment is
    made, and what is asked of its replicas is unknown."""


class Timing(Section):
    """How long to wait, in seconds."""

    pods_ready: float = Field(60, gt=0, le=900)
    """For a probe pod to become Ready on a node that is Ready."""
    settling: float = Field(10, ge=0, le=120)
    """For what this run has just created (a Service's rules, a DNS name) to take effect."""
    question: int = Field(3, ge=1, le=30)
    """For the answer to one question."""
    run_deadline: int = Field(1800, ge=60, le=86400)
    """After this a probe pod ends by itself, and a later run may remove what is left."""


class Network(Section):
    """The pod network and Services."""

    full_mesh_nodes: int = Field(20, ge=2, le=1000)
    """Up to so many nodes every ordered pair is asked; above it, a sample that touches each node."""
    sample_targets: int = Field(6, ge=1, le=100)
    """In a sample, how many other nodes each node asks."""
    ping: bool = False
    """Whether every node must answer ICMP echo requests from nodes and from pods. The probe pods then get
    the rights that ping needs, and no more."""
    max_loss_percent: float = Field(5.0, ge=0, lt=100)
    """How many of thirty pings between two nodes may be lost, where ping is asked for."""
    node_ports: bool = True
    """Whether the cluster offers NodePort Services: a run then makes one and asks every node."""
    network_policy: bool = False
    """Whether the CNI enforces NetworkPolicies: a run then makes one for its own pods."""
    node_cidrs: bool = False
    """Whether every node must have a pod CIDR of its own, from the controller-manager."""


class Dns(Section):
    """Cluster DNS."""

    service: str = Field("kube-system/kube-dns", pattern=r"^[^/]+/[^/]+$")
    """The DNS Service, ``namespace/name``."""
    min_replicas: int = Field(1, ge=1)
    """Ready DNS replicas at least."""
    spread: bool = False
    """Whether the DNS replicas must run on more than one node."""
    outside_name: str = Field("", pattern=r"^[^\s/:]*$")
    """A name outside of the cluster that pods must be able to resolve. Empty: none is asked."""
    max_milliseconds: int = Field(0, ge=0)
    """Half of ten lookups must be answered within it; 0: none is too slow that is answered at all."""


class Certificates(Section):
    """Certificates of the kubelets."""

    kubelet_client_min_days: int = Field(14, ge=1)
    """How long each kubelet's client certificate must still be valid."""
    issued_min_days: int = Field(30, ge=1)
    """For how many days at least a kubelet's client certificate is issued when a node joins."""
    server_min_days: int = Field(7, ge=0)
    """How long API servers' and kubelets' serving certificates must still be valid."""
    authority_min_days: int = Field(90, ge=0)
    """How long the CA of the cluster must still be valid: a signer cuts what it issues to its CA's end."""
    kubelet_tls_cipher_suites: tuple[str, ...] = Field((), strict=False)
    """The only cipher suites that kubelets accept in TLS 1.2, by their IANA names. Empty: any."""
    bootstrap_token: bool = False
    """Whether a new node can join at any time, with a bootstrap token that has not expired."""
    rehearse_bootstrap: bool = True
    """Whether a run rehearses a node's joining where there is a bootstrap token: it makes one
    CertificateSigningRequest with it, and deletes it."""
    approval_seconds: float = Field(10, gt=0, le=120)
    """How long a joining node may wait for its certificate."""
    strict_authority: bool = False
    """Whether strict verifiers, Python since 3.13 for instance, must accept the CA of the cluster."""


class ControlPlane(Section):
    """API servers, their leaders and etcd."""

    api_servers: int = Field(1, ge=1)
    """API servers at least, as the endpoints of the kubernetes Service count them."""
    vip: str = Field("", pattern=r"^(\S+:\d+)?$")
    """The address in front of the API servers, ``host:port`` ([address]:port for IPv6), that every node must
    reach. Empty: the one in ConfigMap kube-public/cluster-info, where there is one."""
    leader_election: bool = True
    """Whether the scheduler and the controller-manager elect their leaders with Leases."""
    etcd_write_seconds: float = Field(0.1, gt=0)
    """Half of all writes to etcd are done within it, as the API server has measured."""


class Addons(Section):
    """Which addons the cluster must have. One that is there is judged in any case."""

    metrics_server: bool = False
    """metrics-server, behind the metrics API that ``kubectl top`` and autoscalers read."""
    metrics_max_age_seconds: float = Field(120, gt=0)
    """How old a sample of metrics-server may be."""
    dashboard: bool = False
    """Kubernetes Dashboard or Headlamp, behind a NodePort."""
    dashboard_admin: str = Field("", pattern=r"^([^/]+/[^/]+)?$")
    """The ServiceAccount, ``namespace/name``, whose token must log in to it. Empty: none is tried."""
    kube_proxy: bool = True
    """Whether kube-proxy must run on every node. False where the CNI stands in for it; Cilium is noticed."""
    kube_proxy_mode: Literal["", "iptables", "ipvs", "nftables"] = ""
    """The mode that it must run in on every node. Empty: the one in its ConfigMap, where there is one."""
    system_namespaces: tuple[str, ...] = Field(
        ("kube-system", "kube-flannel", "calico-system", "tigera-operator", "kubernetes-dashboard"),
        strict=False,
    )
    """Where the cluster's own pods run; they must be ready, and not restart again and again."""
    pod_startup_seconds: float = Field(300, gt=0)
    """How long one of them may take to become ready, or be unready."""


class Policy(Section):
    """Everything a cluster promises."""

    profile: str = "default"
    """The profile that this file starts from: default or runbook."""
    images: Images = Images()
    probes: Probes = Probes()
    timing: Timing = Timing()
    network: Network = Network()
    dns: Dns = Dns()
    certificates: Certificates = Certificates()
    control_plane: ControlPlane = ControlPlane()
    addons: Addons = Addons()
    nodes: Nodes = Nodes()
    kubelet: KubeletPolicy = KubeletPolicy()
    runtime: Runtime = Runtime()
