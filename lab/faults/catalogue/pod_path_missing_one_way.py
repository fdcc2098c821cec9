"""A node does not know the way to the pods of another, while that one knows the way back."""

from lab.faults import podnetwork
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "pod-path-missing-one-way"


def inject(lab: Lab, victims: Victims) -> None:
    """Delete the entry."""
    podnetwork.cut(lab, victims["entry"], victims["source"], victims["target"])


def heal(lab: Lab, victims: Victims) -> None:
    """Write it again."""
    podnetwork.mend(lab, victims["source"], victims["target"])


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
    red=(
        "network.*",
        "dns.*@pod:{source}",
        "dns.*@pod:{target}",
        "dns.each_replica_answers@node:{source}",
        "dns.each_replica_answers@node:{target}",
        # When the one is a master and the other carries an add-on that an API server asks.
        "addons.*",
    ),
    nodes=2,
)
