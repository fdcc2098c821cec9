"""A pod that is ready, listed behind its Service, and does not serve."""

from lab.faults import podnetwork, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "service-dead-endpoint"
PORT = "8080"  # where unprivileged web servers listen


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what pods and other nodes send to the port; the kubelet, which probes it, gets through."""
    own = str(podnetwork.pods_of(lab, victims["node"]))
    match = ["-d", own, "-p", "tcp", "--dport", PORT, "-j", "DROP"]
    rules.put(lab, NAME, victims["node"], "filter", "FORWARD", *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rule out."""
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="Pods of one node are ready, and the port that they serve at is dropped on the way to them.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("service-dead-endpoint",),
    blames=("Node/{node}",),
    red=(
        "network.pod_to_pod",
        "network.node_to_pod",
        "network.pod_to_other_namespace",
        "network.large_transfer*",
        "network.new_service_works",
        "network.service_of_other_namespace",
        "network.service_spreads",
        "network.node_port",
        "network.pod_reaches_itself@pod:{node}",
    ),
)
