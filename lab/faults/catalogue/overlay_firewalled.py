"""A firewall between two subnets: it lets nodes reach each other, and not their overlay."""

from random import Random

from lab.faults import rules, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab
from lab.network import INTERFACE, VXLAN_PORT

NAME = "overlay-firewalled"


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """Two nodes that are one side; all others are the other."""
    one, other = sorted(random.sample(lab.nodes, 2))
    return {"one": one, "other": other}


def inject(lab: Lab, victims: Victims) -> None:
    """Drop the overlay's packets between the two and all others, both ways."""
    side = [victims["one"], victims["other"]]
    for node in side:
        for beyond in (str(lab.address_of(name)) for name in lab.nodes if name not in side):
            overlay = ["-p", "udp", "--dport", str(VXLAN_PORT), "-j", "DROP"]
            rules.put(lab, NAME, node, "raw", "PREROUTING", "-i", INTERFACE, "-s", beyond, *overlay)
            rules.put(lab, NAME, node, "raw", "OUTPUT", "-d", beyond, *overlay)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME, [victims["one"], victims["other"]])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="A firewall between two nodes and all others drops the overlay, and lets nodes reach each other.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("network-partition",),
    blames=("Node/{one}", "Node/{other}"),
    red=("network.*", "dns.*", "addons.*"),
    nodes=4,
)
