"""The kubernetes Service out of reach of a node itself, while its pods reach it."""

from lab.faults import rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "service-blocked-on-node"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what the node's own processes send to its address."""
    match = ["-d", str(lab.settings.kubernetes_service), "-j", "DROP"]
    rules.put(lab, NAME, victims["node"], "raw", "OUTPUT", *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="One node's own processes do not reach the ClusterIP of the kubernetes Service.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("service-blocked-on-node",),
    blames=("Node/{node}",),
    red=(
        "network.kubernetes_service_reachable@node:{node}",
        "certs.kubernetes_service_certificate@node:{node}",
    ),
)
