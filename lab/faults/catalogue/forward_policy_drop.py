"""A firewall that lets no pod's packets through a node."""

from lab.faults import victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "forward-policy-drop"
POLICY = ["iptables", "-w", "-P", "FORWARD"]


def inject(lab: Lab, victims: Victims) -> None:
    """Set the policy, as Docker does."""
    lab.machine(victims["node"]).check([*POLICY, "DROP"])


def heal(lab: Lab, victims: Victims) -> None:
    """Set it back."""
    lab.machine(victims["node"]).check([*POLICY, "ACCEPT"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The policy of the chain FORWARD is DROP on one node.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("pod-network-blocked",),
    blames=("Node/{node}",),
    red=(
        # Nothing gets to the node's pods, nor from them to anywhere but the node; add-ons may be among them.
        "network.*",
        "dns.*",
        "addons.*",
        "certs.kubernetes_service_certificate@pod:{node}",
    ),
)
