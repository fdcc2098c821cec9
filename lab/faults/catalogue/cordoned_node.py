"""No fault: a node that takes no new pods, because somebody said so."""

from lab.faults import victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "cordoned-node"


def inject(lab: Lab, victims: Victims) -> None:
    """Cordon it."""
    lab.api().patch(f"/api/v1/nodes/{victims['node']}", {"spec": {"unschedulable": True}})


def heal(lab: Lab, victims: Victims) -> None:
    """Uncordon it; the taint that came with it goes by itself."""
    lab.api().patch(f"/api/v1/nodes/{victims['node']}", {"spec": {"unschedulable": None}})


FAULT = Fault(
    name=NAME,
    breaks="Nothing: one node is cordoned.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
    nodes=2,
)
