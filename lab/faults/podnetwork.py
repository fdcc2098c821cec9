"""The lab's overlay: which pods a node carries, and its way to those of another."""

from ipaddress import IPv4Network
from random import Random

from lab.faults.objects import read
from lab.handle import Lab
from lab.network import OVERLAY, overlay_mac

CUT = (
    "network.*@*:{source}",
    "network.*@*:{target}",
    "network.node_port",  # the one sends on to pods of the other, whoever asks
    "dns.*@pod:{source}",
    "dns.*@pod:{target}",
    "dns.each_replica_answers@node:{source}",
    "dns.each_replica_answers@node:{target}",
    # A NodePort again, or a master and the node of an add-on that its API server asks.
    "addons.*",
)
"""What may turn red when the way between the pods of two nodes is cut."""


def pods_of(lab: Lab, node: str) -> IPv4Network:
    """The network of a node's pods."""
    return IPv4Network(read(lab, f"/api/v1/nodes/{node}")["spec"]["podCIDR"])


def pair_and_entry(lab: Lab, random: Random) -> dict[str, str]:
    """Two nodes, and which of the two entries that lead from the one to the other's pods."""
    source, target = random.sample(lab.nodes, 2)
    return {"source": source, "target": target, "entry": random.choice(("route", "tunnel"))}


def cut(lab: Lab, entry: str, source: str, target: str) -> None:
    """Let ``source`` lose its route to the pods of ``target``, or its tunnel's entry."""
    {"route": _cut_route, "tunnel": _cut_tunnel}[entry](lab, source, target)


def _cut_route(lab: Lab, source: str, target: str) -> None:
    """Let ``source`` forget the route to the pods of ``target``."""
    if lab.exec_on_node(source, ["ip", "route", "show", str(pods_of(lab, target))]).stdout.strip():
        lab.machine(source).check(["ip", "route", "del", str(pods_of(lab, target)), "dev", OVERLAY])


def _cut_tunnel(lab: Lab, source: str, target: str) -> None:
    """Let ``source`` forget at which node the overlay address of ``target`` is."""
    if _entry(lab, target) in lab.machine(source).check(["bridge", "fdb", "show", "dev", OVERLAY]):
        lab.machine(source).check(["bridge", "fdb", "del", *_entry(lab, target).split(), "dev", OVERLAY])


def mend(lab: Lab, source: str, target: str) -> None:
    """Give ``source`` both again."""
    pods = pods_of(lab, target)
    route = ["ip", "route", "replace", str(pods), "via", str(pods.network_address), "dev", OVERLAY, "onlink"]
    lab.machine(source).check(route)
    if _entry(lab, target) not in lab.machine(source).check(["bridge", "fdb", "show", "dev", OVERLAY]):
        lab.machine(source).check(["bridge", "fdb", "append", *_entry(lab, target).split(), "dev", OVERLAY])


def _entry(lab: Lab, target: str) -> str:
    address = lab.address_of(target)
    return f"{overlay_mac(address)} dst {address}"
