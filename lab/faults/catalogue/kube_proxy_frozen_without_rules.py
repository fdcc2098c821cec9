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
    red=(
        "network.new_service_works@*:{node}",
        "network.service_of_other_namespace@*:{node}",
        "network.service_spreads@*:{node}",
        "network.pod_reaches_itself@pod:{node}",
        "network.large_transfer_through_service@*:{node}",
        "network.node_port",
        "network.kubernetes_service_reachable@*:{node}",
        "network.dns_service_*@*:{node}",
        "dns.*@pod:{node}",
        "certs.kubernetes_service_certificate@*:{node}",
        "addons.kube_proxy_*@*:{node}",
        "addons.dashboard_*",
        # Where the node is a master, its API server reaches the add-ons that it serves through Services too.
        "addons.*",
    ),
)
