"""A node does not know the way to the pods of another, while that one knows the way back."""

from lab.faults import podnetwork, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "pod-path-missing-one-way"


def inject(lab: Lab, victims: Victims) -> None:
    """Delete the entry."""
    podnetwork.cut(lab, victims["entry"], victims["source"], victims["target"])


def heal(lab: Lab, victims: Victims) -> None:
    """Write it again."""
    podnetwork.mend(lab, victims["source"], victims["target"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The route or tunnel entry from one node to the pods of another is missing.",
    choose=podnetwork.pair_and_entry,
    inject=inject,
    heal=heal,
    causes=("pod-path-broken",),
    blames=(
        "Node/{source}",
        "Node/{target}",
    ),
    red=podnetwork.CUT,
    nodes=2,
)
