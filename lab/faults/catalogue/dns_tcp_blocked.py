"""Questions to CoreDNS over TCP are lost in the whole cluster.

Only answers that do not fit into a datagram are missed, which small lookups never show.
"""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-tcp-blocked"


def inject(lab: Lab, _victims: Victims) -> None:
    """Drop them at the node that they leave, whether a pod or the node itself asks."""
    dns.block(lab, NAME, lab.nodes, "tcp")


def heal(lab: Lab, _victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME)
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="Every node drops DNS over TCP on the way to CoreDNS, and lets UDP through.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dns-transport-blocked",),
    blames=("Service/kube-system/kube-dns",),
    red=(
        "dns.each_replica_answers",
        "dns.large_answer",
        "dns.headless_service",
        "dns.reverse_of_pod",
        "network.dns_service_over_tcp",
    ),
)
