"""What every node runs: containerd with the CNI plugins, the kubelet and kube-proxy."""

import json
from ipaddress import IPv4Network
from typing import Any

from lab import kubeconfigs
from lab.controlplane import KUBE
from lab.machines import Machine
from lab.pki import Certificate
from lab.settings import VIP_PORT, Node, Settings
from lab.versions import KUBERNETES

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
CGROUP_DRIVER = "cgroupfs"  # no machine of the lab runs systemd
CONTAINERD = """\
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.internal.v1.tracing"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE, as in a container or a small virtual machine, nobody may lower an OOM score.
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_apparmor = true
  max_concurrent_downloads = 10
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = false
"""
# Where images of docker.io are looked for first; the name is known to the lab's DNS, and nobody answers.
REGISTRY_MIRROR = "https://registry.kubecheck.test"
HOSTS = f"""\
server = "https://registry-1.docker.io"
[host."{REGISTRY_MIRROR}"]
  capabilities = ["pull", "resolve"]
"""
EVICTION_SIGNALS = ("imagefs.available", "memory.available", "nodefs.available", "nodefs.inodesFree")
# The oldest kubelets that know the field, and those that refuse cgroup v1 without it are newer still.
FAIL_CGROUP_V1_SINCE = 31
NFTABLES_SINCE = 31  # the first minor version whose kube-proxy knows the mode without a feature gate


def install(
    machine: Machine,
    node: Node,
    settings: Settings,
    *,
    authority: bytes,
    proxy: Certificate,
    bootstrap_token: str,
    pause: str,
) -> None:
    """Write the node's configuration files. ``pause`` is the sandbox image's reference."""
    server = f"https://{settings.vip}:{VIP_PORT}"
    etc = machine.root / "etc"
    (etc / "containerd/config.toml").write_text(CONTAINERD.format(pause=pause))
    (etc / "containerd/certs.d/docker.io").mkdir(parents=True)
    (etc / "containerd/certs.d/docker.io/hosts.toml").write_text(HOSTS)
    (etc / "kubernetes/pki/ca.crt").write_bytes(authority)
    kubeconfigs.write(
        etc / "kubernetes/bootstrap-kubelet.kubeconfig",
        server,
        authority,
        "tls-bootstrap-token-user",
        kubeconfigs.token(bootstrap_token),
    )
    kubeconfigs.write(
        etc / "kubernetes/kube-proxy.kubeconfig",
        server,
        authority,
        "system:kube-proxy",
        kubeconfigs.client(proxy),
    )
    kubelet = kubelet_configuration(node, settings)
    (etc / "kubernetes/kubelet-conf.yml").write_text(json.dumps(kubelet, indent=2) + "\n")
    kube_proxy = kube_proxy_configuration(node, settings)
    (etc / "kubernetes/kube-proxy.yaml").write_text(json.dumps(kube_proxy, indent=2) + "\n")


def kubelet_configuration(node: Node, settings: Settings) -> dict[str, Any]:
    """The runbook's kubelet-conf.yml, as far as Kubernetes still has its fields, and what the lab needs."""
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",  # noqa: S104 - all of a machine that nobody outside of the lab reaches
        "port": 10250,
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True, "cacheTTL": "2m0s"},
            "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": CGROUP_DRIVER,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDNS": [str(settings.dns_service)],
        "clusterDomain": settings.cluster_domain,
        "resolvConf": "/etc/resolv.conf",
        "rotateCertificates": True,
        "tlsCipherSuites": [
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        ],
        "allowedUnsafeSysctls": ["net.core*", "net.ipv4.*"],
        "kubeReserved": {"cpu": "10m", "memory": "10Mi", "ephemeral-storage": "10Mi"},
        "systemReserved": {"cpu": "10m", "memory": "20Mi", "ephemeral-storage": "1Gi"},
        "containerLogMaxSize": "300Mi",  # what the runbook's daemon.json says for Docker
        "containerLogMaxFiles": 2,
        "maxPods": 110,
        "failSwapOn": False,
        # The host's disk is every node's: its filling up must not evict the pods of all of them.
        "evictionHard": dict.fromkeys(
            ("imagefs.available", "memory.available", "nodefs.available", "nodefs.inodesFree"), "0%"
        ),
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusUpdateFrequency": "10s",
        "shutdownGracePeriod": "0s",
    }
    if node.server_tls_bootstrap:
        configuration["serverTLSBootstrap"] = True
    if KUBERNETES[node.kubernetes].minor >= FAIL_CGROUP_V1_SINCE:
        configuration["failCgroupV1"] = False
    return configuration


def kube_proxy_configuration(node: Node, settings: Settings) -> dict[str, Any]:
    """Its configuration file. Conntrack's limits are machine-wide, and so not a node's to set."""
    alpha = settings.proxy_mode == "nftables" and KUBERNETES[node.kubernetes].minor < NFTABLES_SINCE
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": "0.0.0.0",  # noqa: S104 - as the kubelet's
        "healthzBindAddress": "0.0.0.0:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": "/etc/kubernetes/kube-proxy.kubeconfig"},
        "clusterCIDR": settings.pod_cidr,
        "hostnameOverride": node.name,
        "mode": settings.proxy_mode,
        "featureGates": {"NFTablesProxyMode": True} if alpha else {},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def kubelet(node: Node) -> list[str]:
    """The kubelet's command line."""
    return [
        KUBE,
        "kubelet",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.kubeconfig",
        "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
        "--cert-dir=/var/lib/kubelet/pki",
        "--config=/etc/kubernetes/kubelet-conf.yml",
        "--housekeeping-interval=5s",  # metrics-server starts serving after two readings of the pods
    ]


def kube_proxy() -> list[str]:
    """kube-proxy's command line."""
    return [KUBE, "kube-proxy", "--config=/etc/kubernetes/kube-proxy.yaml"]


def install_pod_network(machine: Machine, settings: Settings, pods: IPv4Network) -> None:
    """Give the container runtime its network configuration: from now on the node becomes Ready.

    ptp routes every packet through the node, so that a Service's answer always passes the rules that must
    translate it back. With a bridge that needs br_netfilter, which not every kernel has.
    """
    configuration = {
        "cniVersion": "0.4.0",
        "name": "kubecheck-lab",
        "plugins": [
            {
                "type": "ptp",
                "mtu": settings.pod_mtu,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": str(pods)}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
        ],
    }
    directory = machine.root / "etc/cni/net.d"
    temporary = directory / ".10-kubecheck-lab.conflist"
    temporary.write_text(json.dumps(configuration, indent=2) + "\n")
    temporary.replace(directory / "10-kubecheck-lab.conflist")
