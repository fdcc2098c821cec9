"""Rules in a node's iptables, marked so that they are found again whatever became of who put them in."""

import shlex

from lab.handle import Lab

MARK = "kubecheck-lab-fault"
TABLES = ("raw", "mangle", "nat", "filter")


def put(lab: Lab, fault: str, node: str, table: str, chain: str, *rule: str) -> None:
    """Make a rule the first of its chain, unless it is there already."""
    jump = rule.index("-j")  # the mark goes before it, for what follows are the target's own options
    marked = [chain, *rule[:jump], "-m", "comment", "--comment", _mark(fault), *rule[jump:]]
    iptables = ["iptables", "-w", "-t", table]
    if lab.exec_on_node(node, [*iptables, "-C", *marked]).returncode:
        lab.machine(node).check([*iptables, "-I", *marked])


def take_out(lab: Lab, fault: str, nodes: list[str] | None = None) -> None:
    """Take the fault's rules out of these nodes, or of all."""
    for node in nodes or lab.nodes:
        machine = lab.machine(node)
        for table in TABLES:
            for line in machine.check(["iptables-save", "-t", table]).splitlines():
                words = shlex.split(line)
                if words[:1] == ["-A"] and _mark(fault) in words:
                    machine.check(["iptables", "-w", "-t", table, "-D", *words[1:]])


def _mark(fault: str) -> str:
    return f"{MARK}:{fault}"
