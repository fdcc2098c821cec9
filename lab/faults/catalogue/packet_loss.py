"""A bad cable: three in ten packets do not arrive at a node."""

from lab.faults import kubelets, rules, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
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
    until(lambda: kubelets.serves(lab, victims["node"]), f"{victims['node']} is Ready")


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
