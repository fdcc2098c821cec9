"""Proving: faults are put into the lab, kubecheck is run as a person runs it, and the faults are healed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lab.faults import actions
from lab.faults.catalogue import fault_named, faults
from lab.faults.policy import merged
from lab.handle import Lab
from selftest.faults.judgement import Injected, Judgement, judge
from selftest.running import Ran, RunProblem, run_kubecheck

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
    """What came of one try.

    ``seconds`` are those until kubecheck told its verdict, ``trouble`` says why there was none.
    """

    names: tuple[str, ...]
    injected: tuple[Injected, ...]
    seed: int
    seconds: float = 0.0
    verdict: dict[str, Any] = field(default_factory=dict)
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

    Of several faults none has another's victim. They are healed as soon as the verdict is told, while
    kubecheck still waits for its namespaces to go. Raises LabError when the lab does not do it.
    """
    reports.mkdir(parents=True, exist_ok=True)
    injected: list[Injected] = []
    healing = partial(_heal, lab, names)
    try:
        with lab.held():
            for name in names:
                entry = actions.inject(lab, name, _seed_apart(lab, name, seed, injected))
                injected.append(Injected(name, entry.victims))
        through = next((e.victims["through"] for e in injected if "through" in e.victims), "")
        ran = _kubecheck(lab, names, through, reports, told=lambda _: healing())
    except RunProblem as problem:
        return Proof(tuple(names), tuple(injected), seed, trouble=str(problem))
    finally:
        healing()
    return Proof(tuple(names), tuple(injected), seed, ran.seconds, ran.verdict)


def _heal(lab: Lab, names: Sequence[str]) -> None:
    with lab.held():
        for name in reversed(names):
            actions.heal(lab, name)


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


def _kubecheck(
    lab: Lab, names: Sequence[str], through: str, reports: Path, told: Callable[[int], object]
) -> Ran:
    """A run with the promises that the faults need; what it printed is kept in output.txt.

    It goes through the API server of the master ``through``, where the address in front of all is dead.
    """
    policy = merged(lab.policy.read_text(), PATIENCE)
    for name in names:
        policy = merged(policy, fault_named(name).policy) if fault_named(name).policy else policy
    promised = reports / "policy.toml"
    promised.write_text(policy)
    kubeconfig = reports / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(_through(lab, through))
    ran = run_kubecheck(kubeconfig, promised, reports, "-q", limit=LIMIT, told=told)
    (reports / "output.txt").write_text("".join(ran.lines))
    return ran
