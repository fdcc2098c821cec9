"""kube-proxy has ended on a node: its Services are those of that moment."""

from lab.faults import proxies, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kube-proxy-killed"


def inject(lab: Lab, victims: Victims) -> None:
    """Stop it; its rules stay."""
    lab.stop(victims["node"], "kube-proxy")


def heal(lab: Lab, victims: Victims) -> None:
    """Start it again."""
    proxies.start(lab, victims["node"])


FAULT = Fault(
    name=NAME,
    breaks="kube-proxy of one node is stopped: what is new among Services is missing there.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("kube-proxy-down",),
    blames=("Node/{node}",),
    red=(*proxies.NEW_SERVICES, "addons.kube_proxy_*@*:{node}"),
)
