"""Questions to CoreDNS over TCP are lost when they come from one node."""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-tcp-blocked-on-node"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what the node's own pods and the node itself ask; what others ask a CoreDNS there arrives."""
    dns.block(lab, NAME, [victims["node"]], "tcp")


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME, [victims["node"]])
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="One node drops its own DNS over TCP on the way to CoreDNS, and lets UDP through.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("dns-transport-blocked",),
    blames=("Node/{node}",),
    red=(
        "dns.each_replica_answers@*:{node}",
        "dns.large_answer@pod:{node}",
        "dns.headless_service@pod:{node}",
        "dns.reverse_of_pod@pod:{node}",
        "network.dns_service_over_tcp@*:{node}",
    ),
)
