"""An overlay between two nodes that loses big packets and tells nobody."""

from lab.faults import rules, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab
from lab.network import VXLAN_PORT

NAME = "mtu-black-hole"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what is big between the two, in both directions."""
    big = ["-p", "udp", "--dport", str(VXLAN_PORT), "-m", "length", "--length", "1000:65535", "-j", "DROP"]
    for at, sender in ((victims["source"], victims["target"]), (victims["target"], victims["source"])):
        rules.put(lab, NAME, at, "filter", "INPUT", "-s", str(lab.address_of(sender)), *big)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME, [victims["source"], victims["target"]])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="Packets of more than 1000 bytes are lost in the overlay between two nodes.",
    choose=victims.any_pair,
    inject=inject,
    heal=heal,
    causes=("mtu-black-hole",),
    blames=(
        "Node/{source}",
        "Node/{target}",
    ),
    red=(
        "network.large_transfer*@*:{source}",
        "network.large_transfer*@*:{target}",
        "dns.large_answer@pod:{source}",
        "dns.large_answer@pod:{target}",
        # When the one is a master and the other carries an add-on that an API server asks.
        "addons.*",
    ),
    nodes=2,
)
