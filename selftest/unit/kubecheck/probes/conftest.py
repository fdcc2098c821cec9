"""What the tests of the questions ask from, and whom."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from kubecheck.probes import Answer, Question, Raw
from selftest.unit.kubecheck.probes.pod import BUSYBOX, Pod
from selftest.unit.kubecheck.probes.servers import (
    DNS_ADDRESS,
    HttpServer,
    OverTcp,
    OverUdp,
    Pages,
    TcpServer,
    UdpServer,
    serving,
)

NO_DNS_ADDRESS = "127.54.0.1"  # where nobody listens


@pytest.fixture(scope="session")
def pod(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("a pod's own root needs mount and chroot: run as root")
    if not BUSYBOX.exists():
        pytest.skip(f"{BUSYBOX} is not there: install Debian's busybox-static")
    root = tmp_path_factory.mktemp("pod") / "root"
    root.mkdir()
    return Pod(root)


@dataclass(frozen=True)
class Line(Question):
    """A question that is any line of shell."""

    name: str
    line: str
    settles: bool = False

    @property
    def key(self) -> str:
        return self.name

    def shell(self, seconds: int) -> str:
        return self.line

    def read(self, raw: Raw, origin: str) -> Answer:
        return Answer(self, origin, raw)


@pytest.fixture(scope="session")
def line():
    """Makes a question out of any line of shell."""
    return Line


@dataclass(frozen=True)
class Without(Question):
    """A question in a pod that lacks ``tool``: the same line, calling a name that is not there."""

    question: Question
    tool: str
    instead: str = "no-such-program"

    @property
    def key(self) -> str:
        return f"{self.question.key} with {self.instead}"

    def shell(self, seconds: int) -> str:
        line = self.question.shell(seconds)
        assert self.tool in line
        return line.replace(self.tool, self.instead)

    def read(self, raw: Raw, origin: str) -> Answer:
        return self.question.read(raw, origin)


@pytest.fixture(scope="session")
def without():
    """Makes a question whose tool is not there."""
    return Without


@pytest.fixture(scope="session")
def dns_server():
    """A DNS server over UDP and TCP; its address."""
    TcpServer.gone.clear()
    with ExitStack() as stack:
        try:
            stack.enter_context(serving(UdpServer((DNS_ADDRESS, 53), OverUdp)))
            stack.enter_context(serving(TcpServer((DNS_ADDRESS, 53), OverTcp)))
        except OSError as problem:
            pytest.skip(f"{DNS_ADDRESS}:53 cannot be listened on: {problem}")
        yield DNS_ADDRESS
        TcpServer.gone.set()


@pytest.fixture(scope="session")
def no_dns_server():
    """A loopback address at which no DNS server listens."""
    return NO_DNS_ADDRESS


@pytest.fixture(scope="session")
def http_port():
    """The port of an HTTP server that says who it is."""
    with serving(HttpServer(("127.0.0.1", 0), Pages)) as server:
        yield server.server_port


@pytest.fixture(scope="session")
def refusing_port():
    """A port that is taken but not listened on, so that connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="session")
def silent_port():
    """A port whose listener takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="session")
def dropping_port():
    """A port whose listener's queue is full: the kernel drops what arrives, as a firewall does."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def opening_port():
    """A function: a port that refuses now and listens after some seconds."""
    with ExitStack() as stack:

        def after(seconds: float) -> int:
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", 0))
            timer = threading.Timer(seconds, taken.listen)
            timer.start()
            stack.callback(timer.join)
            stack.callback(timer.cancel)
            return taken.getsockname()[1]

        yield after
