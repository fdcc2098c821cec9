"""Bringing a lab up: machines, control plane, nodes, pod network, add-ons, in the order that they need."""

import secrets
import string
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab import (
    controlplane,
    disks,
    docker,
    gateway,
    imagestore,
    kubeconfigs,
    network,
    node,
    pki,
    rootfs,
    servingcerts,
)
from lab.api import Api
from lab.building import Programs, build_kubernetes, build_programs
from lab.controlplane import Credentials
from lab.errors import LabError
from lab.images import Images, build_images
from lab.machines import Machine
from lab.progress import Progress
from lab.settings import VIP_PORT, Node, Settings
from lab.state import Record, State

SWITCH = "switch"
READY_SECONDS = 180.0  # for each thing that is waited for; a machine under load is slow, not broken
POLL_SECONDS = 0.2
MASTER_LABEL = "node-role.kubernetes.io/control-plane"
POLICY = """\
profile = "runbook"

[images]
busybox = "{images.busybox.reference}"
nginx = "{images.nginx.reference}"
pull_policy = "Never"

[control_plane]
api_servers = {settings.masters}
vip = "{settings.vip}:{vip_port}"

[addons]
kube_proxy_mode = "{settings.proxy_mode}"

# What the machine under the lab cannot keep of the runbook: its nodes have no systemd, and share disks.
[runtime]
cgroup_driver = "cgroupfs"

[nodes]
one_version = {one_version}
etcd_own_disk = false
etcd_ssd = false
runtime_own_disk = false
"""


class BringUp:
    """One lab on its way up. Nothing of it may exist before."""

    def __init__(self, state: State, settings: Settings, progress: Progress) -> None:
        self.state = state
        self.settings = settings
        self.progress = progress
        self.record = Record(settings)
        names = [SWITCH, gateway.NAME, *(one.name for one in settings.nodes)]
        self.machines = {name: Machine(state, self.record, name) for name in names}
        self.token = (_token(6), _token(16))

    def run(self) -> None:
        """Bring all of it up; LabError says what did not come up, and why."""
        programs = build_programs(self.settings.kubernetes, self.progress)
        kubes = {self.settings.kubernetes: programs.kube}
        if self.settings.last_kubelet not in kubes:
            kubes[self.settings.last_kubelet] = build_kubernetes(self.settings.last_kubelet, self.progress)
        images = build_images(programs, self.progress)
        store = imagestore.unpacked(images, self.progress)

        self.state.directory.mkdir(parents=True)
        with self.state.changing(self.record):
            self.record.ports = gateway.free_ports(self.settings)
        with self.progress.step(f"making {len(self.settings.nodes)} machines and their network"):
            credentials = Credentials.make(self.settings)
            credentials.write(self.state.pki)
            self._make_machines(programs, kubes, images, store, credentials)
            api = self._administrator(credentials)
        with self.progress.step("starting the control plane"):
            self._start_control_plane(api)
        with self.progress.step("joining the nodes"):
            self._join_nodes(api, images)
        with self.progress.step("waiting for every node and every add-on"):
            self._await_cluster(api)
        one_version = str(not self.settings.kubelet_version).lower()
        self.state.policy.write_text(
            POLICY.format(images=images, settings=self.settings, vip_port=VIP_PORT, one_version=one_version)
        )
        with self.state.changing(self.record):
            self.record.phase = "up"

    def _make_machines(
        self,
        programs: Programs,
        kubes: dict[str, Path],
        images: Images,
        store: Path,
        credentials: Credentials,
    ) -> None:
        hosts = {one.name: one.address for one in self.settings.nodes}
        authority = credentials.cluster.pem.certificate
        proxy = credentials.cluster.issue("system:kube-proxy", [pki.CLIENT])

        def make_node(one: Node) -> None:
            machine = self.machines[one.name]
            rootfs.make(machine.root, one.name, hosts, self.settings.gateway)
            imagestore.place(store, machine.root / "var/lib/containerd")
            files = {kubes[one.kubernetes]: controlplane.KUBE}
            node.install(
                machine,
                one,
                self.settings,
                authority=authority,
                proxy=proxy,
                bootstrap_token=".".join(self.token),
                pause=images.pause.reference,
            )
            if one.master:
                files[programs.etcd] = controlplane.ETCD
                controlplane.install(machine, one, self.settings, credentials)
            if one.dockerd:
                docker.install(machine)
            machine.boot(files)
            if one.etcd_disk:
                disks.mount_own(machine, controlplane.ETCD_DATA)

        def make_other(name: str) -> None:
            machine = self.machines[name]
            rootfs.make(machine.root, name, hosts, self.settings.gateway)
            if name == gateway.NAME:
                gateway.install(machine, self.settings)
                machine.boot(gateway.programs(programs.coredns))
            else:
                machine.boot({})
                network.make_bridge(machine, self.settings)

        with ThreadPoolExecutor() as pool:
            others = [pool.submit(make_other, name) for name in (SWITCH, gateway.NAME)]
            nodes = [pool.submit(make_node, one) for one in self.settings.nodes]
            for future in (*others, *nodes):
                future.result()
        addresses = {one.name: [one.address] for one in self.settings.nodes}
        addresses[gateway.NAME] = [self.settings.gateway, self.settings.vip]
        for name, its in addresses.items():
            network.plug_in(self.machines[SWITCH], self.machines[name], self.settings, its)

    def _administrator(self, credentials: Credentials) -> Api:
        """Write the administrator's kubeconfig, and use it."""
        certificate = credentials.cluster.issue(
            "kubernetes-admin", [pki.CLIENT], organization="system:masters"
        )
        port = self.record.ports[gateway.VIP]
        kubeconfigs.write(
            self.state.kubeconfig,
            f"https://127.0.0.1:{port}",
            credentials.cluster.pem.certificate,
            "kubernetes-admin",
            kubeconfigs.client(certificate),
        )
        certificate.write(self.state.pki, "admin")
        return Api(port, self.state.pki)

    def _start_control_plane(self, api: Api) -> None:
        gateway.start(self.machines[gateway.NAME], self.record.ports)
        masters = self.settings.master_nodes
        for one in masters:
            self.machines[one.name].start("etcd", controlplane.etcd(one, self.settings))
        self._start_api_server(masters[0])
        for one in self.settings.nodes:
            self.machines[one.name].start("containerd", ["containerd"])
            if one.dockerd:
                self.machines[one.name].start("dockerd", docker.daemon())
        self._wait("an API server to become ready", api.ready)
        self._start_controllers(masters[0])

    def _start_api_server(self, master: Node) -> None:
        command = controlplane.api_server(master, self.settings)
        self.machines[master.name].start("kube-apiserver", command)

    def _start_controllers(self, master: Node) -> None:
        machine = self.machines[master.name]
        machine.start("kube-controller-manager", controlplane.controller_manager(self.settings))
        machine.start("kube-scheduler", controlplane.scheduler())

    def _join_nodes(self, api: Api, images: Images) -> None:
        # The API server makes this namespace some time after it calls itself ready.
        self._wait("the namespace kube-system", lambda: api.get("/api/v1/namespaces/kube-system"))
        api.apply("bootstrap", token_id=self.token[0], token_secret=self.token[1])
        for one in self.settings.nodes:
            machine = self.machines[one.name]
            machine.start("kubelet", node.kubelet(one))
            machine.start("kube-proxy", node.kube_proxy())
        api.apply(
            "coredns",
            image=images.coredns.reference,
            cluster_domain=self.settings.cluster_domain,
            dns_service=self.settings.dns_service,
            replicas=min(2, len(self.settings.nodes)),
        )
        api.apply("metrics-server", image=images.metrics_server.reference)
        api.apply("dashboard", image=images.dashboard.reference)
        self._wait("every node to be given its pod network", lambda: self._pod_networks(api))
        pods = self._pod_networks(api)

        def connect(one: Node) -> None:
            network.make_overlay(self.machines[one.name], self.settings, one.address, pods)
            node.install_pod_network(self.machines[one.name], self.settings, pods[one.address])
            if one.master:
                api.patch(f"/api/v1/nodes/{one.name}", {"metadata": {"labels": {MASTER_LABEL: ""}}})

        self._each(connect, self.settings.nodes)
        # The other masters start while the add-ons do, most of which time is spent waiting for measurements.
        for one in self.settings.master_nodes[1:]:
            self._start_api_server(one)
            self._start_controllers(one)

    def _pod_networks(self, api: Api) -> dict[IPv4Address, IPv4Network]:
        """Every node's pod network by the node's address; empty while one has none."""
        nodes = api.get("/api/v1/nodes") or {"items": []}
        networks = {item["metadata"]["name"]: item["spec"].get("podCIDR") for item in nodes["items"]}
        pods = {one.address: networks.get(one.name) for one in self.settings.nodes}
        return {} if None in pods.values() else {address: IPv4Network(pods[address]) for address in pods}

    def _await_cluster(self, api: Api) -> None:
        expected = {one.name for one in self.settings.nodes}

        def ready_nodes() -> bool:
            nodes = api.get("/api/v1/nodes") or {"items": []}
            return expected == {
                item["metadata"]["name"]
                for item in nodes["items"]
                if any(
                    condition["type"] == "Ready" and condition["status"] == "True"
                    for condition in item["status"]["conditions"]
                )
            }

        def available(deployment: str, namespace: str = "kube-system") -> bool:
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"
            found = api.get(path) or {"spec": {"replicas": 1}, "status": {}}
            return bool(found["status"].get("readyReplicas", 0) == found["spec"]["replicas"])

        def measured() -> bool:
            metrics = api.get("/apis/metrics.k8s.io/v1beta1/nodes") or {"items": []}
            return expected == {item["metadata"]["name"] for item in metrics["items"]}

        def ready_api_servers() -> bool:
            return all(Api(port, self.state.pki).ready() for port in self.record.ports.values())

        asking = [one for one in self.settings.nodes if one.server_tls_bootstrap]
        self._wait("every node to be Ready", ready_nodes)
        self._wait("serving certificates for the kubelets", lambda: servingcerts.approve(api, asking))
        self._wait("CoreDNS to be available", lambda: available("coredns"))
        self._wait(
            "the dashboard to be available", lambda: available("kubernetes-dashboard", "kubernetes-dashboard")
        )
        self._wait("every API server to be ready", ready_api_servers)
        self._wait("metrics-server to be available", lambda: available("metrics-server"))
        api.apply("metrics-api")
        self._wait("metrics of every node", measured)

    def _wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until the condition holds; a component that ends in the meantime is told at once."""
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            for name in self.record.machines:
                self.machines[name].require_components()
            if time.monotonic() > deadline:
                raise LabError(
                    f"Waited {READY_SECONDS:.0f} s in vain for {what}; the logs are in {self.state.logs}."
                    + "".join(f"\n    {pod}" for pod in self._waiting_pods())
                )
            time.sleep(POLL_SECONDS)  # the API is asked again, and processes are looked at

    def _waiting_pods(self) -> list[str]:
        """The add-ons' pods that are not ready, and why; none when the API cannot tell."""
        certificate = self.state.pki / "admin.crt"
        api = Api(self.record.ports[gateway.VIP], self.state.pki) if certificate.exists() else None
        return api.waiting_pods() if api else []

    @staticmethod
    def _each(work: Callable[[Node], None], nodes: Iterable[Node]) -> None:
        """Do the work for all nodes side by side; the first error is raised."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(work, nodes))


def _token(length: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))
