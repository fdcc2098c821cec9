"""A node whose kubelet was changed by hand."""

from random import Random
from typing import Any

from lab.faults import kubelets, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kubelet-drift"
# Values that a healthy kubelet may have, in fields that do not follow the size of its machine.
CHANGES: dict[str, Any] = {
    "eventRecordQPS": 5,
    "imageMinimumGCAge": "5m0s",
    "serializeImagePulls": False,
    "streamingConnectionIdleTimeout": "1h0m0s",
}


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """A node and a field."""
    return {"node": random.choice(lab.nodes), "field": random.choice(sorted(CHANGES))}


def inject(lab: Lab, victims: Victims) -> None:
    """Change the field, and restart the kubelet."""
    kubelets.change(lab, NAME, victims["node"], **{victims["field"]: CHANGES[victims["field"]]})


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
