"""The wires: a bridge in a machine of its own with no uplink, and the pods' VXLAN overlay."""

from ipaddress import IPv4Address, IPv4Network

from lab.machines import Machine
from lab.settings import Settings

BRIDGE = "br0"
INTERFACE = "eth0"  # a machine's, on the bridge
OVERLAY = "vxlan.1"
VXLAN_ID = 1
VXLAN_PORT = 8472  # the kernel's own default, as flannel uses it


def make_bridge(switch: Machine, settings: Settings) -> None:
    """The bridge that every machine is plugged into."""
    _ip(switch, [f"link add {BRIDGE} mtu {settings.mtu} type bridge", f"link set {BRIDGE} up"])


def plug_in(switch: Machine, machine: Machine, settings: Settings, addresses: list[IPv4Address]) -> None:
    """Wire a machine to the bridge and give it its addresses and its default route."""
    # The pid is the host's, so this one command runs in the switch's network namespace alone.
    mtu = str(settings.mtu)
    veth = ["ip", "link", "add", machine.name, "mtu", mtu, "type", "veth"]
    peer = ["peer", "name", INTERFACE, "mtu", mtu, "netns", str(machine.init.pid)]
    switch.check_on_host([*veth, *peer])
    _ip(switch, [f"link set {machine.name} master {BRIDGE} up"])
    commands = [f"addr add {address}/{settings.node_prefix} dev {INTERFACE}" for address in addresses]
    commands.append(f"link set {INTERFACE} up")
    if settings.gateway not in addresses:
        # Without one, a node's own processes get "Network is unreachable" for every ClusterIP: the route is
        # looked up before the Service's rules change the destination.
        commands.append(f"route add default via {settings.gateway}")
    _ip(machine, commands)


def overlay_mac(address: IPv4Address) -> str:
    """The overlay interface's address at a node: made from the node's, so that all can know it beforehand."""
    return "0a:58:" + ":".join(f"{byte:02x}" for byte in address.packed)


def make_overlay(
    machine: Machine, settings: Settings, address: IPv4Address, pods: dict[IPv4Address, IPv4Network]
) -> None:
    """Give a node its overlay interface, and the way to the pods of every other node.

    ``pods`` holds the pod network of each node address, the machine's own too.
    """
    kind = f"type vxlan id {VXLAN_ID} dev {INTERFACE} local {address} dstport {VXLAN_PORT} nolearning"
    commands = [
        f"link add {OVERLAY} mtu {settings.pod_mtu} address {overlay_mac(address)} {kind}",
        f"addr add {pods[address].network_address}/32 dev {OVERLAY}",
        f"link set {OVERLAY} up",
    ]
    entries = []
    for other, network in pods.items():
        if other != address:
            commands.append(
                f"neigh add {network.network_address} lladdr {overlay_mac(other)} dev {OVERLAY} nud permanent"
            )
            commands.append(f"route add {network} via {network.network_address} dev {OVERLAY} onlink")
            entries.append(f"fdb append {overlay_mac(other)} dev {OVERLAY} dst {other}")
    _ip(machine, commands)
    if entries:
        machine.check(["bridge", "-batch", "-"], stdin="\n".join(entries) + "\n")
    # What leaves the pod network leaves with the node's address, as Calico's natOutgoing and flannel do it.
    leaving = ["-s", str(pods[address]), "!", "-d", settings.pod_cidr, "-j", "MASQUERADE"]
    machine.check(["iptables", "-w", "-t", "nat", "-A", "POSTROUTING", *leaving])


def _ip(machine: Machine, commands: list[str]) -> None:
    machine.check(["ip", "-batch", "-"], stdin="\n".join(commands) + "\n")
