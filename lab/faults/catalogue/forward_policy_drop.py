"""A firewall that lets no pod's packets through a node."""

from lab.faults import dns, victims
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
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The policy of the chain FORWARD is DROP on one node.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("pod-network-blocked",),
    blames=("Node/{node}",),
    red=(
        "network.*",
        "dns.*",
        "addons.*",
        "certs.*@pod:{node}",
        "controlplane.*@pod:{node}",
        "nodes.*@pod:{node}",
        "controlplane.system_pods_ready",
        "controlplane.no_system_pod_crashes",
        "controlplane.no_rollout_is_stuck",
    ),
)
