"""Proving: faults are put into the lab, kubecheck is run as a person runs it, and the faults are healed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.faults import actions
from lab.faults.catalogue import fault_named, faults
from lab.faults.policy import merged
from lab.handle import Lab
from selftest.faults.judgement import Injected, Judgement, judge

ROOT = Path(__file__).parents[2]
LIMIT = 300  # seconds for one run of kubecheck
PATIENCE = (
    "[timing]\npods_ready = 30\n"  # half as long as by default for pods that a fault keeps from starting
)

DOUBLES = (
    ("kube-proxy-killed", "pod-path-missing-both-ways"),
    ("dns-replica-servfail", "hairpin-off"),
    ("kubelet-wrong-cluster-dns", "metrics-server-down"),
    ("schedulers-down", "node-port-blocked"),
    ("api-server-down", "kubelet-drift"),
    ("signing-for-one-year", "dns-scaled-to-zero"),
)
"""Faults at once: two causes must come out."""


@dataclass(frozen=True)
class Proof:
    """What came of one try. ``seconds`` are those of kubecheck's run, ``trouble`` says why there was none."""

    names: tuple[str, ...]
    injected: tuple[Injected, ...]
    seed: int
    seconds: float
    verdict: dict[str, Any]
    trouble: str = ""

    @property
    def judgement(self) -> Judgement:
        """How right the verdict is."""
        return judge(self.verdict, self.injected)

    @property
    def right(self) -> bool:
        """Whether the verdict is right in everything."""
        return not self.trouble and self.judgement.right


def singles() -> list[tuple[str, ...]]:
    """Every fault by itself."""
    return [(name,) for name in faults()]


def prove(lab: Lab, names: Sequence[str], seed: int, reports: Path) -> Proof:
    """Put the faults in, at victims that follow from the seed, run kubecheck, and heal them.

    Of several faults none has another's victim. Raises LabError when the lab does not do it.
    """
    reports.mkdir(parents=True, exist_ok=True)
    injected: list[Injected] = []
    try:
        with lab.held():
            for name in names:
                entry = actions.inject(lab, name, _seed_apart(lab, name, seed, injected))
                injected.append(Injected(name, entry.victims))
        begun = time.monotonic()
        through = next((e.victims["through"] for e in injected if "through" in e.victims), "")
        verdict, output = _kubecheck(lab, names, through, reports)
        seconds = time.monotonic() - begun
    finally:
        with lab.held():
            for name in reversed(names):
                actions.heal(lab, name)
    trouble = "" if verdict else f"kubecheck gave no verdict: {output[-500:]}"
    return Proof(tuple(names), tuple(injected), seed, seconds, verdict, trouble)


def _seed_apart(lab: Lab, name: str, seed: int, others: Sequence[Injected]) -> int:
    """The first seed from ``seed`` on that chooses victims which no other fault has."""
    taken = {victim for other in others for victim in other.victims.values()}
    fault = fault_named(name)
    for one in range(seed, seed + 200):
        if not taken & set(fault.choose(lab, fault.drawing(one)).values()):
            return one
    return seed


def _through(lab: Lab, server: str) -> str:
    """The lab's kubeconfig, by way of one master's API server where one is named."""
    text = lab.kubeconfig.read_text()
    return text.replace(f":{lab.api_port()}", f":{lab.api_port(server)}") if server else text


def _kubecheck(lab: Lab, names: Sequence[str], through: str, reports: Path) -> tuple[dict[str, Any], str]:
    """The verdict.json of a run with the promises that the faults need, and what the run printed.

    It goes through the API server of the master ``through``, where the address in front of all is dead.
    """
    written = reports / "verdict.json"
    written.unlink(missing_ok=True)
    policy = merged(lab.policy.read_text(), PATIENCE)
    for name in names:
        policy = merged(policy, fault_named(name).policy) if fault_named(name).policy else policy
    promised = reports / "policy.toml"
    promised.write_text(policy)
    kubeconfig = reports / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(_through(lab, through))
    command = [sys.executable, "-m", "pytest", "-q", "--kubeconfig", str(kubeconfig)]
    command += ["--policy", str(promised), "--reports", str(reports)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    (reports / "output.txt").write_text(done.stdout + done.stderr)
    return (json.loads(written.read_text()) if written.exists() else {}), done.stdout + done.stderr
