"""kubecheck's full verdict beside the floor, on the same cluster and in turns, so that noise meets both."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from selftest.running import ROOT, RunProblem, run_kubecheck

LIMIT = 300  # seconds for one run
TOLD = ("facts", "deploy", "survey", "judge", "diagnose")
PHASES = ("start", *TOLD, "report", "clean up")


@dataclass(frozen=True)
class Timed:
    """One run: ``seconds`` until its last word, and how they divide into phases; ``word`` is its verdict.

    kubecheck's last word is the verdict, the floor's is its end. What comes after, kubecheck's wait until its
    namespaces are gone, is the phase "clean up" and not among the seconds.
    """

    seconds: float
    phases: dict[str, float]
    word: str = ""


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
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    seconds = time.monotonic() - begun
    if done.returncode:
        raise RunProblem(f"the floor did not come to its end: {(done.stderr or done.stdout).strip()[-500:]}")
    phases: dict[str, float] = json.loads(done.stdout)
    return Timed(seconds, {"start": seconds - sum(phases.values()), **phases})


def run_full(kubeconfig: Path, policy: Path, reports: Path) -> Timed:
    """One run of kubecheck: without -n, with all checks."""
    ran = run_kubecheck(kubeconfig, policy, reports, limit=LIMIT)
    inside = {phase: ran.verdict["timings"].get(phase, 0.0) for phase in TOLD}
    phases = {"start": ran.start, **inside, "clean up": ran.after}
    phases["report"] = ran.seconds - ran.start - sum(inside.values())  # the rest: the end is told last
    return Timed(ran.seconds, {phase: phases[phase] for phase in PHASES}, ran.verdict["verdict"])


def medians(runs: list[Timed]) -> dict[str, float]:
    """The median of each phase."""
    return {phase: statistics.median(run.phases[phase] for run in runs) for phase in runs[0].phases}


def ratio(floors: list[Timed], fulls: list[Timed]) -> float:
    """How many times as long as the floor kubecheck takes, by the medians of their seconds."""
    return statistics.median(r.seconds for r in fulls) / statistics.median(r.seconds for r in floors)
