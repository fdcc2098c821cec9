"""kube-proxy hangs on a node, and its rules are gone."""

from lab.faults import proxies, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kube-proxy-frozen-without-rules"


def inject(lab: Lab, victims: Victims) -> None:
    """Freeze it, for it would mend its rules, and flush them."""
    lab.freeze(victims["node"], "kube-proxy")
    proxies.clean_up(lab, victims["node"])


def heal(lab: Lab, victims: Victims) -> None:
    """Start it anew: it writes all of its rules when it starts, and only hourly later."""
    lab.thaw(victims["node"], "kube-proxy")
    proxies.restart(lab, victims["node"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="kube-proxy of one node hangs and its rules are flushed: no Service works there.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("kube-proxy-down",),
    blames=("Node/{node}",),
    red=(*proxies.ALL_SERVICES, "addons.kube_proxy_*@*:{node}"),
)
