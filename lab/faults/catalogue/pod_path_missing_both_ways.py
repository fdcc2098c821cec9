"""Two nodes do not know the way to each other's pods."""

from lab.faults import podnetwork, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "pod-path-missing-both-ways"


def inject(lab: Lab, victims: Victims) -> None:
    """Delete both entries."""
    for source, target in _directions(victims):
        podnetwork.cut(lab, victims["entry"], source, target)


def heal(lab: Lab, victims: Victims) -> None:
    """Write them again."""
    for source, target in _directions(victims):
        podnetwork.mend(lab, source, target)
    wellbeing.until_well(lab)


def _directions(victims: Victims) -> list[tuple[str, str]]:
    one, other = victims["source"], victims["target"]
    return [(one, other), (other, one)]


FAULT = Fault(
    name=NAME,
    breaks="The routes or tunnel entries between the pods of two nodes are missing in both directions.",
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
