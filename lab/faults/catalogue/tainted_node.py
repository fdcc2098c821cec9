"""No fault: a node kept for certain pods only."""

from random import Random

from lab.faults import objects, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "tainted-node"
KEYS = ("dedicated", "nvidia.com/gpu", "example.com/team")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """The node, and the taint."""
    return {
        "node": random.choice(lab.nodes),
        "key": random.choice(KEYS),
        "effect": random.choice(EFFECTS),
    }


def inject(lab: Lab, victims: Victims) -> None:
    """Taint it, and wait until what was driven away runs elsewhere."""
    taint = {"key": victims["key"], "value": "kubecheck", "effect": victims["effect"]}
    _put(lab, victims, [taint])
    if victims["effect"] == "NoExecute":
        until(lambda: victims["node"] not in _carrying(lab), f"no add-on's pod is left on {victims['node']}")
    wellbeing.until_well(lab)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the taint away."""
    _put(lab, victims, [])


def _carrying(lab: Lab) -> set[str]:
    """The nodes that add-ons' pods are on; none of the lab's tolerates such a taint."""
    return {pod["spec"].get("nodeName", "") for pod in wellbeing.addon_pods(lab)}


def _put(lab: Lab, victims: Victims, ours: list[dict[str, str]]) -> None:
    """Let the node have these taints of ours, and those of others that it has."""
    path = f"/api/v1/nodes/{victims['node']}"
    taints = objects.read(lab, path)["spec"].get("taints", [])
    others = [taint for taint in taints if taint["key"] != victims["key"]]
    lab.api().patch(path, {"spec": {"taints": [*others, *ours]}})


FAULT = Fault(
    name=NAME,
    breaks="Nothing: one node has a taint.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
    nodes=3,
)
