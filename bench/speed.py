"""kubecheck's full verdict beside the floor, on the same cluster and in turns, so that noise meets both."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from selftest.running import ROOT, RunProblem, run_kubecheck

LIMIT = 300  # seconds for one run
TOLD = ("facts", "deploy", "survey", "judge", "diagnose")
TICKS = os.sysconf("SC_CLK_TCK")
PHASES = ("start", *TOLD, "report", "clean up")


@dataclass(frozen=True)
class Timed:
    """One run: ``seconds`` until its last word, and how they divide into phases; ``word`` is its verdict.

    kubecheck's last word is the verdict, the floor's is its end. What comes after, kubecheck's wait until its
    namespaces are gone, is the phase "clean up" and not among the seconds. ``own`` are the seconds of CPU of
    the program itself, ``machine`` those of the whole machine, the cluster on it included; both until then.
    ``inquiries`` is how many things kubecheck asked of pods and through them, ``nodes`` of how many nodes.
    """

    seconds: float
    phases: dict[str, float]
    own: float
    machine: float
    word: str = ""
    inquiries: int = 0
    nodes: int = 0


class Clock:
    """Reads what a program has used of the machine since the clock was made."""

    def __init__(self) -> None:
        self._began, self._busy = time.monotonic(), _busy()
        self.seconds = self.own = self.machine = 0.0

    def read(self, pid: int) -> None:
        """Take the seconds, and those of CPU, of the process ``pid``."""
        self.seconds = time.monotonic() - self._began
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        self.own = sum(map(int, fields[11:15])) / TICKS  # its own and its children's, user and system
        self.machine = _busy() - self._busy


def _busy() -> float:
    """The seconds of CPU that this machine has spent on anything, by /proc/stat's first line."""
    first = Path("/proc/stat").read_text().partition("\n")[0]
    user, nice, system, _, _, irq, softirq, *_ = map(int, first.split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


def side_by_side(kubeconfig: Path, policy: Path, runs: int, reports: Path) -> tuple[list[Timed], list[Timed]]:
    """``runs`` runs of each, the floor first. Raises RunProblem when one does not come to its end."""
    floors, fulls = [], []
    for number in range(1, runs + 1):
        floors.append(run_floor(kubeconfig, policy))
        fulls.append(run_full(kubeconfig, policy, reports))
        print(
            f"{number}: floor {floors[-1].seconds:.2f} s, kubecheck {fulls[-1].seconds:.2f} s"
            f" ({fulls[-1].word})",
            flush=True,
        )
    return floors, fulls


def run_floor(kubeconfig: Path, policy: Path) -> Timed:
    """The floor once, with the image that ``policy`` names."""
    images = tomllib.loads(policy.read_text()).get("images", {})
    command = [sys.executable, "-m", "bench.floor", "--kubeconfig", str(kubeconfig)]
    command += ["--image", images.get("busybox", "docker.io/library/busybox:1.37")]
    command += ["--pull-policy", images.get("pull_policy", "IfNotPresent")]
    clock = Clock()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        timer = Timer(LIMIT, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            if told := process.stdout.readline():
                clock.read(process.pid)
            _, trouble = process.communicate()
        finally:
            timer.cancel()
    if process.returncode:
        raise RunProblem(f"the floor did not come to its end: {(trouble or told).strip()[-500:]}")
    phases: dict[str, float] = json.loads(told)
    phases = {"start": clock.seconds - sum(phases.values()), **phases}
    return Timed(clock.seconds, phases, clock.own, clock.machine)


def run_full(kubeconfig: Path, policy: Path, reports: Path) -> Timed:
    """One run of kubecheck: without -n, with all checks."""
    clock = Clock()
    ran = run_kubecheck(kubeconfig, policy, reports, limit=LIMIT, told=clock.read)
    inside = {phase: ran.verdict["timings"].get(phase, 0.0) for phase in TOLD}
    phases = {"start": ran.start, **inside, "clean up": ran.after}
    phases["report"] = ran.seconds - ran.start - sum(inside.values())  # the rest: the end is told last
    return Timed(
        seconds=ran.seconds,
        phases={phase: phases[phase] for phase in PHASES},
        own=clock.own,
        machine=clock.machine,
        word=ran.verdict["verdict"],
        inquiries=sum(map(len, json.loads((reports / "record.json").read_text())["answers"].values())),
        nodes=len(ran.verdict["cluster"]["nodes"]),
    )


def medians(runs: list[Timed]) -> dict[str, float]:
    """The median of each phase."""
    return {phase: statistics.median(run.phases[phase] for run in runs) for phase in runs[0].phases}


def ratio(floors: list[Timed], fulls: list[Timed]) -> float:
    """How many times as long as the floor kubecheck takes, by the medians of their seconds."""
    return statistics.median(r.seconds for r in fulls) / statistics.median(r.seconds for r in floors)
