"""A node whose kubelet is gone: its pods go on serving, and nobody looks after them."""

from lab.faults import addons, kubelets, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet-stopped"


def inject(lab: Lab, victims: Victims) -> None:
    """Stop it, and wait until the node's heartbeat is missed."""
    node = victims["node"]
    lab.stop(node, "kubelet")
    until(lambda: not kubelets.node_ready(lab, node), f"{node} is no longer Ready")


def heal(lab: Lab, victims: Victims) -> None:
    """Start it."""
    lab.start(victims["node"], "kubelet")
    wellbeing.until_well(lab)
    kubelets.until_measured(lab, victims["node"])


FAULT = Fault(
    name=NAME,
    breaks="The kubelet of one node is stopped.",
    choose=addons.node_without_single_addons,
    inject=inject,
    heal=heal,
    causes=("kubelet-down",),
    blames=("Node/{node}",),
    red=(
        "nodes.node_ready@api:{node}",
        "controlplane.node_lease_fresh@api:{node}",
        "addons.node_has_metrics@api:{node}",
        "addons.pods_have_metrics@api",  # it gives no figures of the pods that it carries
        "network.probe_pod_runs@*:{node}",
        "network.deployment_becomes_ready",  # the scheduler may still give it a replica
        "dns.dns_replicas_ready@api",  # it may carry a replica of CoreDNS
        "dns.replicas_spread@api",
        "controlplane.system_pods_ready@api",
    ),
    nodes=3,
)
