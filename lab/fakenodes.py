"""Nodes that are none, by the hundred: kwok keeps them and their pods alive in the lab's real API.

An exec into a pod on such a node goes the whole real way, from the API server to kwok in the kubelet's place,
which runs it as a process on the first master. All of their addresses lead to that master too: they come from
the range for benchmarks (RFC 2544), and only its own network namespace has them.
"""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from lab.building import build_kwok
from lab.errors import LabError
from lab.faults import leaders
from lab.handle import Lab
from lab.pki import SERVER, Authority
from lab.progress import Progress

NODES, PODS = IPv4Network("198.18.0.0/16"), IPv4Network("198.19.0.0/16")
PODS_OF_A_NODE = 26  # the prefix length: a thousand such networks fit
STAGES = Path(__file__).parent / "programs/kwok/stages.yaml"
PORT = 10247  # kwok's, in the place of the kubelet's
LABEL = "kubecheck.lab/fake"
ANNOTATION = {"kwok.x-k8s.io/node": "fake"}
BINARIES = "/opt/fakenodes"
AT_ONCE = 16
LEASE = 80  # seconds; kwok renews after a quarter
# On real nodes probes take no processor from whoever renews leases. Here thousands share this machine's, and
# nodes whose leases come late would be taken for dead. Fake nodes bring their own networks, from a range that
# a controller-manager which gives them out would not begin with.
LENIENT = {"--node-monitor-grace-period": "600s", "--allocate-node-cidrs": "false"}
PATIENCE = 120.0  # seconds until all nodes are Ready

# busybox' own tools come first, as in the images that probe pods have; and DNS as a pod has it.
START = """\
ip route replace local {nodes} dev lo && ip route replace local {pods} dev lo || exit
printf 'nameserver {dns}\\nsearch {search}\\noptions ndots:5\\n' >/run/fakenodes.conf
exec unshare --mount sh -c 'mount --bind /run/fakenodes.conf /etc/resolv.conf && exec {binaries}/kwok \
--kubeconfig=/etc/kubernetes/fakenodes.kubeconfig --config={binaries}/kwok.yaml \
--manage-all-nodes=false --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake \
--node-lease-duration-seconds={lease} --server-address=0.0.0.0:{port} \
--tls-cert-file={binaries}/kwok.crt --tls-private-key-file={binaries}/kwok.key'
"""


class FakeNodes:
    """The fake nodes of a lab. ``start`` comes first, ``stop`` takes all of it away again."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.host = lab.masters[0]
        self._machine = lab.machine(self.host)

    def start(self, search: str, progress: Progress) -> None:
        """Start kwok on the first master; ``search`` are the DNS domains that pods look in."""
        place = self._machine.root / BINARIES.lstrip("/")
        place.mkdir(exist_ok=True)
        shutil.copy2(build_kwok(progress), place / "kwok")
        Authority("fakenodes").issue("fakenodes", [SERVER]).write(place, "kwok")
        self._machine.check(["busybox", "--install", "-s", self._tools()])
        environment = [{"name": "PATH", "value": f"{self._tools()}:/usr/bin:/usr/sbin"}]
        execs = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterExec",
            "metadata": {"name": "all"},
            "spec": {"execs": [{"local": {"workDir": "/root", "envs": environment}}]},
        }
        (place / "kwok.yaml").write_text(f"{STAGES.read_text()}---\n{json.dumps(execs)}\n")
        admin = self.lab.kubeconfig.read_text().replace(
            f"https://127.0.0.1:{self.lab.api_port()}", f"https://{self.lab.address_of(self.host)}:6443"
        )
        (self._machine.root / "etc/kubernetes/fakenodes.kubeconfig").write_text(admin)
        script = START.format(
            nodes=NODES,
            pods=PODS,
            dns=self.lab.settings.dns_service,
            search=search,
            binaries=BINARIES,
            port=PORT,
            lease=LEASE,
        )
        leaders.run_controller_managers(self.lab, LENIENT)
        self._machine.start("kwok", ["sh", "-c", script])

    def _tools(self) -> str:
        (self._machine.root / f"{BINARIES}/bin".lstrip("/")).mkdir(exist_ok=True)
        return f"{BINARIES}/bin"

    def have(self, number: int) -> None:
        """Let there be so many of them, all Ready. Raises LabError."""
        api, there = self.lab.api(), set(self.names())
        wanted = {f"fake-{place:04}": place for place in range(number)}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: api.delete(f"/api/v1/nodes/{name}"), there - wanted.keys()))
            missing = [(name, place) for name, place in wanted.items() if name not in there]
            list(pool.map(lambda each: api.create("/api/v1/nodes", self._node(*each)), missing))
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            ready = [node for node in self._nodes() if _ready(node)]
            if len(ready) == number:
                return
            time.sleep(0.5)
        raise LabError(f"{len(ready)} of {number} fake nodes were Ready after {PATIENCE:.0f} s.")

    def names(self) -> list[str]:
        """Those that are there."""
        return [node["metadata"]["name"] for node in self._nodes()]

    def stop(self) -> None:
        """Take them away, and kwok."""
        self.have(0)
        self._machine.forget("kwok")
        leaders.run_controller_managers(self.lab, {})

    def _nodes(self) -> list[dict[str, Any]]:
        found = self.lab.api().get(f"/api/v1/nodes?labelSelector={LABEL}") or {}
        return list(found.get("items") or ())

    def _node(self, name: str, place: int) -> dict[str, Any]:
        first = int(PODS.network_address) + place * 2 ** (32 - PODS_OF_A_NODE)
        address = NODES.network_address + 256 + place
        pods = f"{IPv4Address(first)}/{PODS_OF_A_NODE}"
        return {
            "metadata": {
                "name": name,
                "annotations": ANNOTATION,
                "labels": {
                    LABEL: "true",
                    "kubernetes.io/hostname": name,
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                },
            },
            "spec": {"podCIDR": pods, "podCIDRs": [pods]},
            "status": {
                "addresses": [
                    {"type": "InternalIP", "address": str(address)},
                    {"type": "Hostname", "address": name},
                ],
                "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
                "nodeInfo": {
                    "architecture": "amd64",
                    "operatingSystem": "linux",
                    "kubeletVersion": f"v{self.lab.settings.kubernetes}",
                    "containerRuntimeVersion": "containerd://1.6.20",
                },
            },
        }


def _ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
