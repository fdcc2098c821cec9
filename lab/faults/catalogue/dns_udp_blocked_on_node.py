"""Questions to CoreDNS over UDP are lost when they come from one node."""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-udp-blocked-on-node"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what the node's own pods and the node itself ask; what others ask a CoreDNS there arrives."""
    dns.block(lab, NAME, [victims["node"]], "udp")


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME, [victims["node"]])
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="One node drops its own DNS over UDP on the way to CoreDNS, and lets TCP through.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("dns-transport-blocked",),
    blames=("Node/{node}",),
    red=(
        "dns.*@pod:{node}",
        "dns.each_replica_answers@node:{node}",
        "network.dns_service_over_udp@*:{node}",
    ),
)
