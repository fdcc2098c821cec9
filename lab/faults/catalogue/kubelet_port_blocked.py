"""A node that runs and serves, whose kubelet no API server reaches."""

from lab.faults import addons, kubelets, rules, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet-port-blocked"
RULE = ("!", "-i", "lo", "-p", "tcp", "--dport", "10250", "-j", "DROP")


def inject(lab: Lab, its: Victims) -> None:
    """Drop what comes for the kubelet's port from outside of the node."""
    rules.put(lab, NAME, its["node"], "filter", "INPUT", *RULE)
    until(lambda: its["node"] not in wellbeing.measured(lab), f"metrics-server has lost {its['node']}")


def heal(lab: Lab, its: Victims) -> None:
    """Let it through again."""
    rules.take_out(lab, NAME)
    until(lambda: kubelets.serves(lab, its["node"]), f"the kubelet of {its['node']} is reached")
    addons.until_measured(lab)


FAULT = Fault(
    name=NAME,
    breaks="A firewall on one node drops what comes for the kubelet's port 10250.",
    choose=victims.any_worker,  # a master's own API server would still reach its kubelet
    inject=inject,
    heal=heal,
    causes=("kubelet-unreachable",),
    blames=("Node/{node}",),
    red=(
        "nodes.exec@kubectl:{node}",
        "nodes.logs@kubectl:{node}",
        "nodes.port_forward@kubectl:{node}",
        "addons.node_has_metrics@api:{node}",
        "addons.pods_have_metrics@api",
    ),
    workers=1,
)
