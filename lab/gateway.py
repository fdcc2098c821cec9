"""The machine beside the nodes: the VIP before the API servers, the way in from the host, a DNS server.

The host reaches the lab through listening sockets on its loopback that a proxy in here was handed. No lab
address is ever on an interface of the host, and no route leads into the lab.
"""

import socket
from pathlib import Path

from lab.machines import Machine
from lab.settings import API_PORT, VIP_PORT, Settings

NAME = "gateway"
VIP_PROXY = "vip"  # components of the gateway
ACCESS_PROXY = "access"
DNS = "dns"
VIP = "vip"  # beside the masters' names, what the host can reach
COREDNS = "/opt/kubernetes/bin/coredns"
COMMON = """\
global
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 2h
    timeout server 2h
"""
REGISTRY = "203.0.113.11"  # where images of docker.io are looked for first; nobody is there
# The names outside of the cluster: one that exists, and none else.
COREFILE = f"""\
.:53 {{
    errors
    hosts {{
        203.0.113.10 www.kubecheck.test
        {REGISTRY} registry.kubecheck.test
    }}
}}
"""


def install(machine: Machine, settings: Settings) -> None:
    """Write the proxies' and the DNS server's configuration."""
    directory = machine.root / "etc/haproxy"
    (directory / "vip.cfg").write_text(vip_configuration(settings))
    (directory / "access.cfg").write_text(access_configuration(settings))
    (machine.root / "etc/Corefile").write_text(COREFILE)


def vip_configuration(settings: Settings) -> str:
    """The load balancer's: a server that is not ready gets no connection.

    A check's patience is its interval (there is no "timeout check"), and it is long: with two cores for
    many nodes a healthy API server may need seconds, and were all of them left out, the VIP would hang up.
    A connection that one refuses goes to another at once, so that a dead one costs nothing until it is
    left out.
    """
    lines = [
        COMMON + "listen api",
        f"    bind {settings.vip}:{VIP_PORT}",
        "    option redispatch 1",
        "    option httpchk GET /readyz",
        "    default-server check check-ssl verify none inter 3s fastinter 500ms downinter 1s fall 3 rise 1",
    ]
    lines += [f"    server {node.name} {node.address}:{API_PORT}" for node in settings.master_nodes]
    return "\n".join(lines) + "\n"


def access_configuration(settings: Settings) -> str:
    """The way in: ``${LISTENER_n}`` is the n-th loopback port, the VIP's first and then each master's."""
    targets = [(VIP, f"{settings.vip}:{VIP_PORT}")]
    targets += [(node.name, f"{node.address}:{API_PORT}") for node in settings.master_nodes]
    lines = [COMMON]
    for number, (name, target) in enumerate(targets):
        lines += [f"listen {name}", f'    bind "fd@${{LISTENER_{number}}}"', f"    server {name} {target}"]
    return "\n".join(lines) + "\n"


def free_ports(settings: Settings) -> dict[str, int]:
    """A loopback port of the host for the VIP and one for every API server."""
    sockets = {name: socket.socket() for name in (VIP, *(node.name for node in settings.master_nodes))}
    try:
        for one in sockets.values():
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in sockets.items()}
    finally:
        for one in sockets.values():
            one.close()


def programs(coredns: Path) -> dict[Path, str]:
    """The host's files that the machine needs."""
    return {coredns: COREDNS}


def start(machine: Machine, ports: dict[str, int]) -> None:
    """Start all three."""
    haproxy = ["haproxy", "-db", "-f"]
    numbers = [f"LISTENER_{number}={{{number}}}" for number in range(len(ports))]
    machine.start(DNS, [COREDNS, "-conf", "/etc/Corefile"])
    machine.start(VIP_PROXY, [*haproxy, "/etc/haproxy/vip.cfg"])
    machine.start(ACCESS_PROXY, ["env", *numbers, *haproxy, "/etc/haproxy/access.cfg"], list(ports.values()))
