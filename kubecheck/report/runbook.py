"""The runbook's lines, and which checks stand for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubecheck.checks.check import Check
from kubecheck.outcomes import Outcome

# What an engineer does by hand after a highly available binary install.
LINES = {
    "R1": "CoreDNS runs, at the tenth address of the Service CIDR",
    "R2": "no pod is stuck Terminating",
    "R3": "kubectl top node: every node has a row",
    "R4": "kubectl top pod: every running pod has a row",
    "R5": "the dashboard answers HTTPS on its NodePort",
    "R6": "the administrator's token logs in to the dashboard",
    "R7": "a pod resolves a Service of its own namespace",
    "R8": "a pod resolves a Service of another namespace",
    "R9": "every node reaches the kubernetes Service on 443",
    "R10": "every node reaches kube-dns on 53",
    "R11": "node to node",
    "R12": "pod to any node",
    "R13": "pods reach pods: same and other namespaces and nodes",
    "R14": "a three-replica Deployment becomes Available and serves",
    "R15": "the container runtime is configured as promised",
    "R16": "kubelet certificates are issued for as long as promised",
    "R17": "kubelets refuse weaker cipher suites",
    "R18": "kubelets run with the promised flags",
    "R19": "kubelets have the promised configuration",
    "R20": "every node is Ready, of a supported version",
    "R21": "etcd and the runtime's data have disks of their own",
    "R22": "leaders hold fresh leases; node CIDRs are allocated",
    "R23": "bootstrapping works, rehearsed live",
    "R24": "kubelets' client certificates are valid for as long as promised",
    "R25": "a usable bootstrap token exists",
    "R26": "the token's group may create node CSRs",
    "R27": "node client CSRs are approved",
    "R28": "renewals would be approved; certificates have the node's subject",
}

# The word for a check that gave several: the worst that a reader must know of comes first.
WORST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED, Outcome.NOT_APPLICABLE)


def table(checks: Iterable[Check], verdict: Mapping[str, Any] | None) -> list[tuple[str, str, str, str]]:
    """Rows of line, what it demands, a check for it, and that check's outcome in the run of ``verdict``.

    ``verdict`` is the content of a verdict.json. A line without a check has a row that says so.
    """
    outcomes: dict[str, set[str]] = {}
    for each in verdict.get("checks", ()) if verdict is not None else ():
        outcomes.setdefault(each["id"], set()).add(each["outcome"])
    every = list(checks)
    rows = []
    for line, demand in LINES.items():
        mine = [check.id for check in every if line in check.runbook]
        for check in mine or ["no check"]:
            found = outcomes.get(check, set())
            word = next((outcome.value for outcome in WORST if outcome.value in found), "not run")
            rows.append((line, demand, check, word))
    return rows
