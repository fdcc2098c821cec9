"""One etcd member gone: the others still have a majority."""

from lab.faults import victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "etcd-member-down"
HEALTH = ["curl", "-sf", "--max-time", "2", "http://127.0.0.1:2381/health"]


def inject(lab: Lab, its: Victims) -> None:
    """Stop it, and wait until the API servers work without it."""
    lab.stop(its["node"], "etcd")
    for master in lab.masters:
        until(lab.api(master).ready, f"the API server of {master} is ready without {its['node']}'s etcd")


def heal(lab: Lab, its: Victims) -> None:
    """Start it, and wait until it has caught up."""
    node = its["node"]
    lab.start(node, "etcd")
    until(lambda: lab.exec_on_node(node, HEALTH).returncode == 0, f"the etcd member of {node} is healthy")
    for master in lab.masters:
        until(lab.api(master).ready, f"the API server of {master} is ready")


FAULT = Fault(
    name=NAME,
    breaks="One etcd member of several is stopped.",
    choose=victims.any_master,
    inject=inject,
    heal=heal,
    causes=("etcd-member-down",),
    blames=("Node/{node}",),
    red=("controlplane.etcd_members_answer@node:*",),
    masters=3,
)
