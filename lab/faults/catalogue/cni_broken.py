"""A node whose network configuration names a plugin that is not there: new pods hang."""

from lab.faults import files, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "cni-broken"
CONFIGURATION = "/etc/cni/net.d/10-kubecheck-lab.conflist"
BROKEN = '"kubecheck-lab-missing"'


def inject(lab: Lab, victims: Victims) -> None:
    """Name another plugin."""
    text = files.read(lab, victims["node"], CONFIGURATION)
    if BROKEN not in text:
        files.write(lab, NAME, victims["node"], CONFIGURATION, files.replaced(text, '"ptp"', BROKEN))


def heal(lab: Lab, victims: Victims) -> None:
    """Name the right one again."""
    files.restore(lab, NAME, victims["node"], CONFIGURATION)
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The CNI configuration of one node names a plugin that is not installed.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("cni-broken",),
    blames=("Node/{node}",),
    red=(
        # What a new pod on the node would have been asked, or would have answered.
        "network.*",
        "dns.*@pod:{node}",
        "certs.kubernetes_service_certificate@pod:{node}",
        "nodes.exec@kubectl:{node}",
        "nodes.logs@kubectl:{node}",
        "nodes.port_forward@kubectl:{node}",
        "nodes.kubelet_refuses_anonymous@kubectl:{node}",
        "nodes.clocks_agree",
    ),
)
