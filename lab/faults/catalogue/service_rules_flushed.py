"""The way to a node's Service rules is gone, and kube-proxy does not notice."""

from lab.faults import proxies, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "service-rules-flushed"


def inject(lab: Lab, victims: Victims) -> None:
    """Flush what a firewall that reloads flushes: the jumps to kube-proxy's chains.

    kube-proxy looks whether its chains are there, not whether anything leads to them.
    """
    proxies.unhook(lab, NAME, victims["node"])


def heal(lab: Lab, victims: Victims) -> None:
    """Put the jumps back."""
    proxies.hook(lab, NAME, victims["node"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The jumps into the rules of kube-proxy are flushed on one node, while kube-proxy is healthy.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("service-rules-missing",),
    blames=("Node/{node}",),
    red=proxies.ALL_SERVICES,
)
