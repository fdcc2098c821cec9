"""A lab that is up, in the hands of a test: look around on its nodes, and stop and start what they run."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from lab import imagestore
from lab.api import Api
from lab.errors import LabError
from lab.images import Image
from lab.machines import Machine
from lab.settings import Settings
from lab.state import Record, State


class Lab:
    """Made by ``Lab.load(name)``."""

    def __init__(self, state: State, record: Record) -> None:
        self._state = state
        self._record = record

    @classmethod
    def load(cls, name: str = "lab") -> "Lab":
        """The lab of that name; LabError when it is not up."""
        state = State(name)
        record = state.load()
        if record is None or record.phase != "up":
            raise LabError(f"The lab {name!r} is not up: run `python -m lab up --name {name}`.")
        return cls(state, record)

    @property
    def directory(self) -> Path:
        """Where everything of the lab lies."""
        return self._state.directory

    @property
    def settings(self) -> Settings:
        """What it was asked to be; its nodes' addresses too."""
        return self._record.settings

    def api(self, server: str = "vip") -> Api:
        """Its API as the administrator, through the VIP or straight at one master's API server."""
        return Api(self.api_port(server), self._state.pki)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other `lab` commands away from it for as long as the block lasts."""
        with self._state.lock():
            yield

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's."""
        return self._state.kubeconfig

    @property
    def policy(self) -> Path:
        """The policy file for kubecheck."""
        return self._state.policy

    @property
    def pki(self) -> Path:
        """Where the authorities and the administrator's certificate lie: ca.crt, ca.key, etcd/ca.crt, ..."""
        return self._state.pki

    @property
    def nodes(self) -> list[str]:
        """The nodes' names: masters, then workers."""
        return [node.name for node in self._record.settings.nodes]

    @property
    def masters(self) -> list[str]:
        """The names of the nodes that carry the control plane."""
        return [node.name for node in self._record.settings.master_nodes]

    def address_of(self, node: str) -> IPv4Address:
        """A node's own address, on the lab's network."""
        return next(one.address for one in self.settings.nodes if one.name == node)

    def api_port(self, server: str = "vip") -> int:
        """The loopback port that leads to the VIP, or to one master's API server."""
        if server not in self._record.ports:
            raise LabError(f"There is no way to {server!r}; there is to {', '.join(self._record.ports)}.")
        return self._record.ports[server]

    def machine(self, name: str) -> Machine:
        """A node, or one of the machines beside them: "gateway" (VIP, DNS) and "switch" (the bridge)."""
        if name not in self._record.machines:
            raise LabError(f"There is no machine {name!r}; there are {', '.join(self._record.machines)}.")
        return Machine(self._state, self._record, name)

    def exec_on_node(
        self, node: str, argv: list[str], timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a node, in all of its namespaces."""
        return self.machine(node).run(argv, timeout=timeout)

    def load_image(self, node: str, image: Image) -> None:
        """Give a node one more image than all nodes have."""
        # Through the node's own root, as its containerd listens in a file system of its own.
        socket = f"/proc/{self.machine(node).init.pid}/root/run/containerd/containerd.sock"
        imagestore.load(socket, image)

    def stop(self, node: str, component: str) -> None:
        """End a component (kubelet, kube-proxy, containerd, etcd, kube-apiserver, ...)."""
        self.machine(node).stop(component)

    def start(self, node: str, component: str) -> None:
        """Start it again, with the command line that it had."""
        self.machine(node).restart(component)

    def freeze(self, node: str, component: str) -> None:
        """Stop it where it is, sockets open, answering nothing."""
        self.machine(node).freeze(component)

    def thaw(self, node: str, component: str) -> None:
        """Let it go on."""
        self.machine(node).thaw(component)
