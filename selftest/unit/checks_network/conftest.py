"""Our own nginx as a pod runs it, and the checks of tests/network as functions."""

import base64
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kubecheck.checks import GUARDED_PORT, HEADLESS, HTTP_PORT, UDP_PORT, Policy
from kubecheck.cluster.reading import Reading
from kubecheck.fleet import manifests
from selftest.unit.kubecheck.conftest import make_facts, make_node, make_standing, site_at  # noqa: F401
from selftest.unit.kubecheck.probes.conftest import (  # noqa: F401
    dropping_port,
    pod,
    refusing_port,
    silent_port,
    without,
)

ROOT = Path(__file__).parents[3]
NOBODY = 65534


@pytest.fixture(scope="session")
def checks():
    """Loads a module of tests/network: ``checks("test_pods")``."""

    def load(module):
        name = f"tests.network.{module}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "network" / f"{module}.py")
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]

    return load


@dataclass(frozen=True)
class Server:
    """Where it listens, on loopback."""

    http: int
    udp: int


def start_of(folder: Path, http: int, udp: int, *, stream: bool, ipv6: str) -> list[str]:
    """The nginx container's command, and its files in ``folder``, moved from a pod to this machine.

    ``ipv6`` is the address that is listened on for IPv6; where there is none such here it is as in a pod
    whose kernel has no IPv6.
    """
    config = manifests.nginx_config("r1", "kubecheck-r1")
    files = {name: text.encode() for name, text in config["data"].items()}
    files |= {name: base64.b64decode(text) for name, text in config["binaryData"].items()}

    ports = {HTTP_PORT: http, UDP_PORT: udp, GUARDED_PORT: free_port(socket.SOCK_STREAM)}

    def moved(text: bytes) -> bytes:
        text = text.replace(b"/tmp/", bytes(folder) + b"/tmp/").replace(b"/etc/kubecheck", bytes(folder))
        for port, here in ports.items():
            text = re.sub(rb"listen %d\b" % port, b"listen 127.0.0.1:%d" % here, text)
            text = text.replace(b"listen [::]:%d" % port, b"listen [%s]:%d" % (ipv6.encode(), here))
        return text if stream else text.replace(b"ngx_stream_module", b"no_such_module")

    for name, content in files.items():
        (folder / name).write_bytes(content if name == "large" else moved(content))
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o777)
    probe = manifests.pod_probe("r1", make_node("node1"), Policy(), HEADLESS)
    shell, option, text = next(c for c in probe["spec"]["containers"] if c["name"] == "nginx")["command"]
    return [shell, option, moved(text.encode()).decode()]


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="session")
def nginx():
    """Starts our nginx, without its stream module or without IPv6 if wanted; ended when the tests are."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not there: install Debian's nginx and libnginx-mod-stream")
    folders, processes = [], []

    def begin(*, stream=True, ipv6="::1"):
        folder = Path(tempfile.mkdtemp(prefix="kubecheck-nginx."))  # nginx's own user must reach it
        folder.chmod(0o755)
        folders.append(folder)
        server = Server(free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM))
        command = start_of(folder, server.http, server.udp, stream=stream, ipv6=ipv6)
        processes.append(subprocess.Popen(command, user=NOBODY, stderr=subprocess.DEVNULL))
        ends = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", server.http), timeout=1).close()
            except OSError:
                assert time.monotonic() < ends, "nginx does not listen"
                time.sleep(0.05)
            else:
                return server

    yield begin
    for process in processes:
        process.terminate()
        process.wait(timeout=10)
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def facts():
    """Two nodes with addresses of their own."""
    nodes = (
        replace(make_node("node1"), addresses=("192.168.232.1",)),
        replace(make_node("node2"), addresses=("192.168.232.2",)),
    )
    return replace(make_facts(("node1", "node2")), nodes=nodes, service_cidrs=Reading(("10.96.0.0/12",)))


@pytest.fixture
def standing():
    """The fleet on the two nodes of ``facts``."""
    return make_standing(("node1", "node2"))
