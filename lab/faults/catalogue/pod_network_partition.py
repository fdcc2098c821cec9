"""Two nodes, and all others, do not know the way to the pods of each other's group."""

from lab.faults import podnetwork, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "pod-network-partition"


def inject(lab: Lab, victims: Victims) -> None:
    """Delete the entries from each group to the other."""
    for source, target in _directions(lab, victims):
        podnetwork.cut(lab, victims["entry"], source, target)


def heal(lab: Lab, victims: Victims) -> None:
    """Write them again."""
    for source, target in _directions(lab, victims):
        podnetwork.mend(lab, source, target)
    wellbeing.until_well(lab)


def _directions(lab: Lab, victims: Victims) -> list[tuple[str, str]]:
    two = (victims["source"], victims["target"])
    across = [(one, other) for one in two for other in lab.nodes if other not in two]
    return [*across, *((other, one) for one, other in across)]


FAULT = Fault(
    name=NAME,
    breaks="The routes or tunnel entries between the pods of two nodes and those of all others are missing.",
    choose=podnetwork.pair_and_entry,
    inject=inject,
    heal=heal,
    causes=("network-partition",),
    blames=(  # the smaller group
        "Node/{source}",
        "Node/{target}",
    ),
    red=(
        "network.*",
        "dns.*@pod:*",
        "dns.each_replica_answers@node:*",
        "addons.*",
    ),
    nodes=5,
)
