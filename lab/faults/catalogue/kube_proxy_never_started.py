"""A node without kube-proxy, and without any of its rules."""

from lab.faults import proxies, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kube-proxy-never-started"


def inject(lab: Lab, victims: Victims) -> None:
    """Stop it, and let it remove its rules, as if it had never run."""
    lab.stop(victims["node"], "kube-proxy")
    proxies.clean_up(lab, victims["node"])


def heal(lab: Lab, victims: Victims) -> None:
    """Start it again."""
    proxies.start(lab, victims["node"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="kube-proxy has never run on one node: no Service works there.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("kube-proxy-down",),
    blames=("Node/{node}",),
    red=(*proxies.ALL_SERVICES, "addons.kube_proxy_*@*:{node}"),
)
