"""A node's kube-proxy and its rules."""

import shlex

from lab.controlplane import KUBE
from lab.errors import LabError
from lab.faults import dns
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kube-proxy"
HEALTH = "http://127.0.0.1:10256/healthz"
NEW_SERVICES = (
    "network.new_service_works@*:{node}",
    "network.service_of_other_namespace@*:{node}",
    "network.service_spreads@*:{node}",
    "network.pod_reaches_itself@pod:{node}",
    "network.large_transfer_through_service@*:{node}",
    "network.node_port",
    "addons.dashboard_*",
)
"""What may turn red when a node's rules stand still."""
ALL_SERVICES = (
    *NEW_SERVICES,
    "network.kubernetes_service_reachable@*:{node}",
    "network.dns_service_*@*:{node}",
    "dns.*@pod:{node}",
    "certs.kubernetes_service_certificate@*:{node}",
    # Where the node is a master, its API server reaches the add-ons that it serves through Services too.
    "addons.*",
)
"""And when it has none."""
JUMPS = {"nat": ("PREROUTING", "OUTPUT"), "filter": ("INPUT", "FORWARD", "OUTPUT")}


def start(lab: Lab, node: str) -> None:
    """Start kube-proxy, and wait until it is healthy and its rules lead to CoreDNS."""
    lab.start(node, NAME)
    until(lambda: healthy(lab, node), f"kube-proxy of {node} is healthy")
    dns.until_well(lab)


def restart(lab: Lab, node: str) -> None:
    """Start it anew: it writes all of its rules when it starts."""
    lab.stop(node, NAME)
    start(lab, node)


def healthy(lab: Lab, node: str) -> bool:
    """Whether it says so."""
    return (
        lab.exec_on_node(node, ["timeout", "3", "busybox", "wget", "-q", "-O", "-", HEALTH]).returncode == 0
    )


def clean_up(lab: Lab, node: str) -> None:
    """Remove all of its rules, by its own means."""
    lab.machine(node).check([KUBE, "kube-proxy", "--cleanup"])


def unhook(lab: Lab, fault: str, node: str) -> None:
    """Delete the jumps from the kernel's chains into kube-proxy's, and keep them."""
    machine, ledger = lab.machine(node), Ledger.of(lab)
    jumps = [
        (table, line)
        for table, chains in JUMPS.items()
        for line in machine.check(["iptables-save", "-t", table]).splitlines()
        if line.startswith("-A") and shlex.split(line)[1] in chains and "-j KUBE-" in line
    ]
    if jumps:
        ledger.keep(fault, f"{node}:jumps", jumps)
    elif f"{node}:jumps" not in ledger.kept(fault):
        raise LabError(
            f"kube-proxy of {node} has no jumps in iptables: use a lab with --proxy-mode iptables."
        )
    for table, line in jumps:
        machine.check(["iptables", "-w", "-t", table, "-D", *shlex.split(line)[1:]])


def hook(lab: Lab, fault: str, node: str) -> None:
    """Put the jumps back, in their order."""
    machine = lab.machine(node)
    for table, line in Ledger.of(lab).kept(fault).get(f"{node}:jumps", []):
        rule = shlex.split(line)[1:]
        if machine.run(["iptables", "-w", "-t", table, "-C", *rule]).returncode:
            machine.check(["iptables", "-w", "-t", table, "-A", *rule])
    dns.until_well(lab)
