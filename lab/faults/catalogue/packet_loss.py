"""A bad cable: three in ten packets do not arrive at a node."""

from lab.faults import rules, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab
from lab.network import INTERFACE

NAME = "packet-loss"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop them at random."""
    match = ["-i", INTERFACE, "-m", "statistic", "--mode", "random", "--probability", "0.3", "-j", "DROP"]
    rules.put(lab, NAME, victims["node"], "raw", "PREROUTING", *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="30 % of what is sent to one node is lost.",
    choose=victims.any_worker,
    inject=inject,
    heal=heal,
    causes=("packet-loss",),
    blames=("Node/{node}",),
    red=(
        "network.*",
        "dns.*",
        "addons.*",
        "nodes.*",
        "certs.*@*:{node}",
        "controlplane.*@*:{node}",
    ),
    workers=1,
    nodes=2,
)
