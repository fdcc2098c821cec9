"""Pods of a node that do not reach themselves through a Service."""

from lab.faults import podnetwork, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "hairpin-off"
KUBE_PROXY_MARK = "0x4000/0x4000"  # "to be masqueraded"


def inject(lab: Lab, victims: Victims) -> None:
    """Keep the node from masquerading what a Service sends back to its own pods.

    A pod then gets a packet that bears its own address as the sender's, and its kernel drops it.
    """
    own = str(podnetwork.pods_of(lab, victims["node"]))
    match = ["-s", own, "-d", own, "-m", "mark", "--mark", KUBE_PROXY_MARK, "-j", "ACCEPT"]
    rules.put(lab, NAME, victims["node"], "nat", "POSTROUTING", *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="On one node a pod that is sent back to itself by a Service gets no answer.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("hairpin-off",),
    blames=("Node/{node}",),
    red=(
        "network.pod_reaches_itself@pod:{node}",
        # A Service with pods on every node leads a pod to itself too, now and then.
        "network.new_service_works@pod:{node}",
        "network.node_port@pod:{node}",
        "network.large_transfer_through_service@pod:{node}",
    ),
)
