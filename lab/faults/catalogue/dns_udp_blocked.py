"""Questions to CoreDNS over UDP are lost in the whole cluster. Ordinary lookups get no answer."""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-udp-blocked"


def inject(lab: Lab, _victims: Victims) -> None:
    """Drop them at the node that they leave, whether a pod or the node itself asks."""
    dns.block(lab, NAME, lab.nodes, "udp")


def heal(lab: Lab, _victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME)
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="Every node drops DNS over UDP on the way to CoreDNS, and lets TCP through.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dns-transport-blocked",),
    blames=("Service/kube-system/kube-dns",),
    red=(
        "dns.*@pod:*",
        "dns.each_replica_answers",
        "network.dns_service_over_udp",
    ),
)
