"""A node that runs and serves, whose kubelet no API server reaches."""

from random import Random

from lab.faults import addons, kubelets, rules, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet-port-blocked"
RULE = ("!", "-i", "lo", "-p", "tcp", "--dport", "10250")
# A firewall either says nothing, which takes everybody's patience, or refuses at once.
TARGETS = {"dropped": ("DROP",), "refused": ("REJECT", "--reject-with", "icmp-port-unreachable")}


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """A worker, for a master's own API server would still reach its kubelet; and what the firewall does."""
    return {**victims.any_worker(lab, random), "how": random.choice(sorted(TARGETS))}


def inject(lab: Lab, its: Victims) -> None:
    """Stop what comes for the kubelet's port from outside of the node."""
    rules.put(lab, NAME, its["node"], "filter", "INPUT", *RULE, "-j", *TARGETS[its["how"]])
    until(lambda: its["node"] not in wellbeing.measured(lab), f"metrics-server has lost {its['node']}")


def heal(lab: Lab, its: Victims) -> None:
    """Let it through again."""
    rules.take_out(lab, NAME)
    until(lambda: kubelets.serves(lab, its["node"]), f"the kubelet of {its['node']} is reached")
    addons.until_measured(lab)


FAULT = Fault(
    name=NAME,
    breaks="A firewall on one node stops what comes for the kubelet's port 10250.",
    choose=choose,
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
        # Whether a node is reached at all is asked of this port.
        "network.node_to_node@node:*",
        "network.pod_to_node@pod:*",
    ),
    workers=1,
)
