"""The control plane of a master: etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from lab import kubeconfigs, pki
from lab.machines import Machine
from lab.settings import API_PORT, VIP_PORT, Node, Settings

KUBE = "/opt/kubernetes/bin/kube"
ETCD = "/opt/kubernetes/bin/etcd"
PKI = "/etc/kubernetes/pki"
LOOPBACK = IPv4Address("127.0.0.1")
ETCD_DATA = "/var/lib/etcd"
ETCD_CLIENT_PORT = 2379
ETCD_PEER_PORT = 2380
# Who cannot renew its lease in time ends, and nothing starts it again here as a kubelet would a static pod.
# On a machine that is busy for a moment it tries almost as long as the lease lasts, which is 15 s.
LEADER_ELECTION = ("--leader-elect=true", "--leader-elect-renew-deadline=14s")


@dataclass(frozen=True)
class Credentials:
    """The authorities of a cluster, and what the masters share."""

    cluster: pki.Authority
    etcd: pki.Authority
    front_proxy: pki.Authority
    api_server: pki.Certificate
    service_accounts: pki.Key

    @classmethod
    def make(cls, settings: Settings) -> "Credentials":
        """New ones, for this cluster's names and addresses."""
        cluster = pki.Authority("kubernetes")
        domain = settings.cluster_domain
        api_server = cluster.issue(
            "kube-apiserver",
            [pki.SERVER],
            names=(
                "localhost",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                f"kubernetes.default.svc.{domain}",
                *(node.name for node in settings.master_nodes),
            ),
            addresses=(
                settings.kubernetes_service,
                settings.vip,
                LOOPBACK,
                *(node.address for node in settings.master_nodes),
            ),
            rsa_key=True,  # so that a client which offers RSA suites only, as a TLS probe may, gets an answer
        )
        return cls(
            cluster=cluster,
            etcd=pki.Authority("etcd-ca"),
            front_proxy=pki.Authority("front-proxy-ca"),
            api_server=api_server,
            service_accounts=pki.new_key(),
        )

    def write(self, directory: Path) -> None:
        """Keep the authorities in the lab's directory, for tests that make certificates of their own."""
        self.cluster.pem.write(directory, "ca")
        self.etcd.pem.write(directory / "etcd", "ca")
        self.front_proxy.pem.write(directory, "front-proxy-ca")


def install(machine: Machine, node: Node, settings: Settings, credentials: Credentials) -> None:
    """Put a master's certificates and kubeconfigs in place."""
    directory = machine.root / PKI.lstrip("/")
    credentials.cluster.pem.write(directory, "ca")
    credentials.api_server.write(directory, "apiserver")
    credentials.cluster.issue("kube-apiserver", [pki.CLIENT]).write(directory, "apiserver-kubelet-client")
    credentials.front_proxy.issue("front-proxy-client", [pki.CLIENT]).write(directory, "front-proxy-client")
    (directory / "front-proxy-ca.crt").write_bytes(credentials.front_proxy.pem.certificate)
    (directory / "sa.key").write_bytes(pki.private_pem(credentials.service_accounts))
    (directory / "sa.pub").write_bytes(pki.public_pem(credentials.service_accounts))
    (directory / "etcd").mkdir()
    (directory / "etcd/ca.crt").write_bytes(credentials.etcd.pem.certificate)
    member = credentials.etcd.issue(
        node.name,
        [pki.SERVER, pki.CLIENT],
        names=(node.name, "localhost"),
        addresses=(node.address, LOOPBACK),
    )
    member.write(directory / "etcd", "member")
    credentials.etcd.issue("kube-apiserver-etcd-client", [pki.CLIENT]).write(directory / "etcd", "client")
    for name in ("kube-controller-manager", "kube-scheduler"):
        kubeconfigs.write(
            machine.root / f"etc/kubernetes/{name.removeprefix('kube-')}.kubeconfig",
            f"https://{settings.vip}:{VIP_PORT}",
            credentials.cluster.pem.certificate,
            f"system:{name}",
            kubeconfigs.client(credentials.cluster.issue(f"system:{name}", [pki.CLIENT])),
        )


def etcd(node: Node, settings: Settings) -> list[str]:
    """The command line of an etcd member."""
    peers = ",".join(
        f"{master.name}=https://{master.address}:{ETCD_PEER_PORT}" for master in settings.master_nodes
    )
    return [
        ETCD,
        f"--name={node.name}",
        f"--data-dir={ETCD_DATA}",
        f"--listen-client-urls=https://{node.address}:{ETCD_CLIENT_PORT},https://127.0.0.1:{ETCD_CLIENT_PORT}",
        f"--advertise-client-urls=https://{node.address}:{ETCD_CLIENT_PORT}",
        f"--listen-peer-urls=https://{node.address}:{ETCD_PEER_PORT}",
        f"--initial-advertise-peer-urls=https://{node.address}:{ETCD_PEER_PORT}",
        f"--initial-cluster={peers}",
        "--initial-cluster-state=new",
        "--initial-cluster-token=etcd-k8s-cluster",
        "--client-cert-auth=true",
        f"--cert-file={PKI}/etcd/member.crt",
        f"--key-file={PKI}/etcd/member.key",
        f"--trusted-ca-file={PKI}/etcd/ca.crt",
        "--peer-client-cert-auth=true",
        f"--peer-cert-file={PKI}/etcd/member.crt",
        f"--peer-key-file={PKI}/etcd/member.key",
        f"--peer-trusted-ca-file={PKI}/etcd/ca.crt",
        "--listen-metrics-urls=http://127.0.0.1:2381",
    ]


def api_server(node: Node, settings: Settings) -> list[str]:
    """The command line of an API server."""
    servers = ",".join(f"https://{master.address}:{ETCD_CLIENT_PORT}" for master in settings.master_nodes)
    issuer = f"https://kubernetes.default.svc.{settings.cluster_domain}"
    return [
        KUBE,
        "kube-apiserver",
        f"--advertise-address={node.address}",
        f"--secure-port={API_PORT}",
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-bootstrap-token-auth=true",
        f"--service-cluster-ip-range={settings.service_cidr}",
        "--service-node-port-range=30000-32767",
        f"--etcd-servers={servers}",
        f"--etcd-cafile={PKI}/etcd/ca.crt",
        f"--etcd-certfile={PKI}/etcd/client.crt",
        f"--etcd-keyfile={PKI}/etcd/client.key",
        f"--client-ca-file={PKI}/ca.crt",
        f"--tls-cert-file={PKI}/apiserver.crt",
        f"--tls-private-key-file={PKI}/apiserver.key",
        f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        f"--service-account-key-file={PKI}/sa.pub",
        f"--service-account-signing-key-file={PKI}/sa.key",
        f"--service-account-issuer={issuer}",
        f"--requestheader-client-ca-file={PKI}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={PKI}/front-proxy-client.crt",
        f"--proxy-client-key-file={PKI}/front-proxy-client.key",
    ]


def controller_manager(settings: Settings) -> list[str]:
    """The command line of a controller manager, with the runbook's flags."""
    kubeconfig = "/etc/kubernetes/controller-manager.kubeconfig"
    return [
        KUBE,
        "kube-controller-manager",
        "--bind-address=127.0.0.1",
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        *LEADER_ELECTION,
        "--controllers=*,bootstrapsigner,tokencleaner",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={settings.pod_cidr}",
        "--node-cidr-mask-size=24",
        f"--service-cluster-ip-range={settings.service_cidr}",
        f"--root-ca-file={PKI}/ca.crt",
        f"--service-account-private-key-file={PKI}/sa.key",
        f"--cluster-signing-cert-file={PKI}/ca.crt",
        f"--cluster-signing-key-file={PKI}/ca.key",
        f"--cluster-signing-duration={settings.signing_duration}",
        f"--requestheader-client-ca-file={PKI}/front-proxy-ca.crt",
        "--node-monitor-period=5s",
        "--node-monitor-grace-period=40s",
    ]


def scheduler() -> list[str]:
    """The command line of a scheduler."""
    kubeconfig = "/etc/kubernetes/scheduler.kubeconfig"
    return [
        KUBE,
        "kube-scheduler",
        "--bind-address=127.0.0.1",
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        *LEADER_ELECTION,
    ]
