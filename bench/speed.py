"""kubecheck's full verdict beside the floor, on the same cluster and in turns, so that noise meets both."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds for one run
TOLD = ("facts", "deploy", "survey", "judge", "diagnose")
PHASES = ("start", "facts", "deploy", "survey", "judge", "diagnose", "report", "clean up")
FLOOR_PHASES = ("start", "deploy", "exec", "delete")


class BenchProblem(Exception):
    """There is nothing to measure; the text is one sentence."""


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
    """``runs`` runs of each, the floor first. Raises BenchProblem when one does not come to its end."""
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
        raise BenchProblem(
            f"the floor did not come to its end: {(done.stderr or done.stdout).strip()[-500:]}"
        )
    phases: dict[str, float] = json.loads(done.stdout)
    return Timed(seconds, {"start": seconds - sum(phases.values()), **phases})


def run_full(kubeconfig: Path, policy: Path, reports: Path, *options: str) -> Timed:
    """One run of kubecheck, as a person runs it: without -n, with all checks."""
    written = reports / "verdict.json"
    written.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "--kubeconfig", str(kubeconfig), "--policy", str(policy)]
    # Only this project's own environment has hypothesis, which takes a while to load.
    command += ["--reports", str(reports), "-p", "no:hypothesispytest", *options]
    began = ended = time.monotonic()
    spawned = datetime.now(UTC)
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("verdict: "):
                ended = time.monotonic()
            said.append(line)
        run.wait(LIMIT)
    over = time.monotonic()
    if not written.exists() or ended == began:
        raise BenchProblem(f"kubecheck gave no verdict: {''.join(said[-5:]).strip()}")
    told = json.loads(written.read_text())
    inside = {phase: told["timings"].get(phase, 0.0) for phase in TOLD}
    asked = datetime.fromisoformat(json.loads((reports / "record.json").read_text())["started"])
    start = (asked - spawned).total_seconds()
    phases = {"start": start, **inside, "clean up": over - ended}
    phases["report"] = ended - began - start - sum(inside.values())  # the rest: the end is told last
    return Timed(ended - began, {phase: phases[phase] for phase in PHASES}, told["verdict"])


def medians(runs: list[Timed]) -> dict[str, float]:
    """The median of each phase."""
    return {phase: statistics.median(run.phases[phase] for run in runs) for phase in runs[0].phases}


def ratio(floors: list[Timed], fulls: list[Timed]) -> float:
    """How many times as long as the floor kubecheck takes, by the medians of their seconds."""
    return statistics.median(r.seconds for r in fulls) / statistics.median(r.seconds for r in floors)
