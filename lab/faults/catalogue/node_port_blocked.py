"""A firewall in front of one node's NodePorts."""

from lab.faults import rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab
from lab.network import INTERFACE

NAME = "node-port-blocked"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what comes from outside for the range of NodePorts."""
    match = ["-i", INTERFACE, "-p", "tcp", "--dport", "30000:32767", "-j", "DROP"]
    rules.put(lab, NAME, victims["node"], "raw", "PREROUTING", *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="One node drops what comes for NodePorts from other machines.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("node-port-blocked",),
    blames=("Node/{node}",),
    red=(
        "network.node_port",
        "addons.dashboard_node_port",
    ),
)
