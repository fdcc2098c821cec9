"""What a lab is asked to be: its options, validated, and the addresses that follow from them."""

import re
from dataclasses import asdict, dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Literal, Self, get_args

from lab.errors import LabError
from lab.versions import DEFAULT_KUBERNETES, KUBERNETES

ProxyMode = Literal["iptables", "nftables"]
Which = Literal["none", "first", "last", "all"]

GATEWAY_HOST = 1  # the gateway's number in the node network
FIRST_MASTER_HOST = 201  # as in the runbook, where they do not collide with the VIP
FIRST_WORKER_HOST = 211
VIP_HOST = 236
VIP_PORT = 8443
API_PORT = 6443
VXLAN_OVERHEAD = 50
NODE_POD_PREFIX = 24
OLDEST_KUBELET = 3  # minor versions that a kubelet may be behind its API server


@dataclass(frozen=True)
class Node:
    """A machine of the cluster. Masters are nodes too: they run a kubelet and pods."""

    name: str
    address: IPv4Address
    master: bool
    kubernetes: str
    server_tls_bootstrap: bool = False
    etcd_disk: bool = False
    dockerd: bool = False


@dataclass(frozen=True)
class Settings:
    """A lab's options. Networks exist only inside the lab's namespaces."""

    name: str = "lab"
    kubernetes: str = DEFAULT_KUBERNETES
    kubelet_version: str = ""  # the last worker's; empty: the same as all
    masters: int = 3
    workers: int = 2
    node_cidr: str = "192.168.232.0/24"
    pod_cidr: str = "172.16.0.0/16"
    service_cidr: str = "10.96.0.0/12"
    cluster_domain: str = "cluster.local"
    signing_duration: str = "876000h0m0s"
    proxy_mode: ProxyMode = "iptables"
    mtu: int = 1500
    server_tls_bootstrap: Which = "none"  # the nodes whose kubelets ask for their serving certificates
    etcd_disk: Which = "first"  # the masters whose etcd has a disk of its own
    dockerd: Which = "last"  # the workers that run Docker's daemon beside containerd

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", self.name):
            raise LabError(
                f"--name {self.name!r}: a lab's name is a small letter and up to 15 letters or digits."
            )
        self._check_versions()
        if not 1 <= self.masters <= 9 or not 0 <= self.workers <= 9:
            raise LabError("A lab has 1 to 9 masters and 0 to 9 workers.")
        self._check_networks()
        label = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
        if not re.fullmatch(rf"{label}(\.{label})*", self.cluster_domain):
            raise LabError(f"--cluster-domain {self.cluster_domain!r} is not a DNS domain.")
        if not re.fullmatch(r"(\d+h)?(\d+m)?(\d+s)?", self.signing_duration) or not self.signing_duration:
            raise LabError(f"--signing-duration {self.signing_duration!r}: write it like 876000h0m0s.")
        if self.proxy_mode not in ("iptables", "nftables"):
            raise LabError(f"--proxy-mode {self.proxy_mode!r}: it is iptables or nftables.")
        for option, which in {
            "--server-tls-bootstrap": self.server_tls_bootstrap,
            "--etcd-disk": self.etcd_disk,
            "--dockerd": self.dockerd,
        }.items():
            if which not in get_args(Which):
                raise LabError(f"{option} {which!r}: it is {', '.join(get_args(Which))}.")
        if not 1280 <= self.mtu <= 9000:
            raise LabError(f"--mtu {self.mtu}: choose one from 1280 to 9000.")

    def _check_versions(self) -> None:
        for version in (self.kubernetes, self.last_kubelet):
            if version not in KUBERNETES:
                known = ", ".join(KUBERNETES)
                raise LabError(f"Kubernetes {version} is not pinned in the lab; choose one of {known}.")
        if self.kubelet_version and not self.workers:
            raise LabError("--kubelet-version is the last worker's, and this lab has no worker.")
        behind = KUBERNETES[self.kubernetes].minor - KUBERNETES[self.last_kubelet].minor
        newer = _ordinal(self.last_kubelet) > _ordinal(self.kubernetes)
        if newer or behind > OLDEST_KUBELET:
            raise LabError(
                f"A kubelet {self.last_kubelet} may not join API servers {self.kubernetes}: "
                f"it must not be newer, and at most {OLDEST_KUBELET} minor versions older."
            )

    def _check_networks(self) -> None:
        networks = {}
        for option, text, longest in (
            ("--node-cidr", self.node_cidr, 24),
            ("--pod-cidr", self.pod_cidr, 20),
            ("--service-cidr", self.service_cidr, 24),
        ):
            try:
                networks[option] = IPv4Network(text)
            except ValueError as error:
                raise LabError(f"{option} {text} is not an IPv4 network: {error}.") from error
            if networks[option].prefixlen > longest:
                raise LabError(f"{option} {text} is too small; it needs at least a /{longest}.")
        for one in networks:
            for other in networks:
                if one < other and networks[one].overlaps(networks[other]):
                    raise LabError(f"{one} {networks[one]} and {other} {networks[other]} overlap.")

    @property
    def last_kubelet(self) -> str:
        """The version of the last worker's kubelet."""
        return self.kubelet_version or self.kubernetes

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The masters, then the workers."""
        masters = tuple(
            Node(
                f"k8s-master{n + 1:02}",
                self._host(FIRST_MASTER_HOST + n),
                True,
                self.kubernetes,
                server_tls_bootstrap=_chosen(self.server_tls_bootstrap, n, self.masters + self.workers),
                etcd_disk=_chosen(self.etcd_disk, n, self.masters),
            )
            for n in range(self.masters)
        )
        workers = tuple(
            Node(
                f"k8s-node{n + 1:02}",
                self._host(FIRST_WORKER_HOST + n),
                False,
                self.last_kubelet if n == self.workers - 1 else self.kubernetes,
                server_tls_bootstrap=_chosen(
                    self.server_tls_bootstrap, self.masters + n, self.masters + self.workers
                ),
                dockerd=_chosen(self.dockerd, n, self.workers),
            )
            for n in range(self.workers)
        )
        return masters + workers

    @property
    def master_nodes(self) -> tuple[Node, ...]:
        """The nodes that carry the control plane."""
        return tuple(node for node in self.nodes if node.master)

    @property
    def gateway(self) -> IPv4Address:
        """Every node's default route, though it leads nowhere, and the DNS server above CoreDNS."""
        return self._host(GATEWAY_HOST)

    @property
    def vip(self) -> IPv4Address:
        """The virtual address in front of the API servers."""
        return self._host(VIP_HOST)

    @property
    def node_prefix(self) -> int:
        """The node network's prefix length."""
        return IPv4Network(self.node_cidr).prefixlen

    @property
    def kubernetes_service(self) -> IPv4Address:
        """The ClusterIP of the Service default/kubernetes."""
        return IPv4Network(self.service_cidr)[1]

    @property
    def dns_service(self) -> IPv4Address:
        """The ClusterIP of the Service kube-system/kube-dns."""
        return IPv4Network(self.service_cidr)[10]

    @property
    def pod_mtu(self) -> int:
        """What a packet may hold inside the overlay."""
        return self.mtu - VXLAN_OVERHEAD

    def _host(self, number: int) -> IPv4Address:
        return IPv4Network(self.node_cidr)[number]

    def to_json(self) -> dict[str, Any]:
        """As lab.json holds them."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """As lab.json holds them; raises TypeError for fields of another release."""
        return cls(**data)


def _chosen(which: Which, number: int, count: int) -> bool:
    """Whether ``which`` means the one with this number, from 0, of so many."""
    return which == "all" or number == {"none": -1, "first": 0, "last": count - 1}[which]


def _ordinal(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
