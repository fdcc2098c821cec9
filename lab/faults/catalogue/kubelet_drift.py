"""A node whose kubelet was changed by hand."""

from random import Random
from typing import Any

from lab.faults import kubelets, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kubelet-drift"
# Values that a healthy node may have, and that none of the others has.
CHANGES: dict[str, Any] = {
    "maxPods": 64,
    "podPidsLimit": 2048,
    "serializeImagePulls": False,
    "containerLogMaxFiles": 4,
}


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """A node and a field."""
    return {"node": random.choice(lab.nodes), "field": random.choice(sorted(CHANGES))}


def inject(lab: Lab, victims: Victims) -> None:
    """Change the field, and restart the kubelet."""

    def edit(configuration: dict[str, Any]) -> None:
        configuration[victims["field"]] = CHANGES[victims["field"]]

    kubelets.change(lab, NAME, victims["node"], edit)


def heal(lab: Lab, victims: Victims) -> None:
    """Change it back."""
    kubelets.restore(lab, NAME, victims["node"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="One kubelet runs with a value that no other has.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("kubelet-drift",),
    blames=("Node/{node}",),
    red=("nodes.kubelet_drift@api:{node}", "nodes.kubelet_configuration@api:{node}"),
    nodes=3,
)
