"""A firewall that lets the datagrams of pods through in neither direction."""

from lab.faults import rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "pod-udp-blocked"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what goes from pods to pods through the node."""
    pods = lab.settings.pod_cidr
    rules.put(
        lab, NAME, victims["node"], "filter", "FORWARD", "-s", pods, "-d", pods, "-p", "udp", "-j", "DROP"
    )


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="One node drops UDP between pods; TCP and ping pass.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("pod-udp-blocked",),
    blames=("Node/{node}",),
    red=(
        "network.pod_to_pod_over_udp",
        "dns.*@pod:*",
        "dns.each_replica_answers",
        "network.dns_service_over_udp",
    ),
)
