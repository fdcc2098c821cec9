"""One run of kubecheck as a person starts it, watched from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

ROOT = Path(__file__).parents[1]
# Only this project's own environment has hypothesis, which takes a while to load.
_PYTEST = (sys.executable, "-m", "pytest", "-p", "no:hypothesispytest")


class RunProblem(Exception):
    """A run did not come to its end; the text is one sentence."""


@dataclass(frozen=True)
class Ran:
    """``seconds`` until the verdict was told, ``after`` it until the end, and until the cluster was asked.

    ``lines`` are what the terminal saw, ``verdict`` is the content of verdict.json.
    """

    seconds: float
    after: float
    start: float
    lines: list[str]
    verdict: dict[str, Any]


def command_line(kubeconfig: Path, policy: Path, reports: Path, *options: str) -> list[str]:
    """What starts a run, in the folder ROOT."""
    cluster = ("--kubeconfig", str(kubeconfig), "--policy", str(policy))
    return [*_PYTEST, *cluster, "--reports", str(reports), *options]


def replay_command_line(record: Path, reports: Path, *options: str) -> list[str]:
    """What judges a record again, in the folder ROOT."""
    return [*_PYTEST, "--replay", str(record), "--reports", str(reports), *options]


def run_kubecheck(
    kubeconfig: Path,
    policy: Path,
    reports: Path,
    *options: str,
    limit: float,
    beside: Callable[[int], AbstractContextManager[Any]] = nullcontext,
    told: Callable[[int], object] = lambda _: None,
) -> Ran:
    """Run it, killed after ``limit`` seconds. ``beside`` gets its process' id and lasts as long as it does.

    ``told`` is called, with the id too, when the verdict has been told, while the run still waits for its
    namespaces to go. Raises RunProblem when it gives no verdict.
    """
    reports.mkdir(parents=True, exist_ok=True)
    written = reports / "verdict.json"
    written.unlink(missing_ok=True)
    command = command_line(kubeconfig, policy, reports, *options)
    pipe = subprocess.PIPE
    lines: list[str] = []
    began = ended = time.monotonic()
    spawned = datetime.now(UTC)
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        timer = Timer(limit, process.kill)
        timer.start()
        try:
            with beside(process.pid):
                for line in process.stdout:
                    lines.append(line)
                    if line.startswith("verdict: "):
                        ended = time.monotonic()
                        told(process.pid)
                process.wait()
        finally:
            timer.cancel()
            process.terminate()  # who gives it up does not wait for its end
    over = time.monotonic()
    if not written.exists() or ended == began:
        raise RunProblem(f"kubecheck gave no verdict: {''.join(lines[-5:]).strip()}")
    asked = datetime.fromisoformat(json.loads((reports / "record.json").read_text())["started"])
    return Ran(
        seconds=ended - began,
        after=over - ended,
        start=(asked - spawned).total_seconds(),
        lines=lines,
        verdict=json.loads(written.read_text()),
    )
