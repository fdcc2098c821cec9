"""``kubecheck diff``: what broke, what healed, what is new, gone and flaky between runs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kubecheck.report.comparison import compare
from kubecheck.report.snapshot import (
    RecordGiven,
    Snapshot,
    SnapshotProblem,
    load_json,
    load_snapshot,
    snapshot,
)

DESCRIPTION = """\
What broke and what healed from the first to the last of several runs, what is new, what is gone, and what
went back and forth in between. A record.json is judged first. The exit code is 1 where something broke, is
not known any more, or is new and fails, and 0 where nothing is worse."""
OF_A_RUN = ("KUBECHECK_", "GITHUB_", "PYTEST_ADDOPTS", "PYTEST_XDIST_")
"""How the variables begin that say what a run judges, and where it tells its verdict."""


def main(arguments: Sequence[str]) -> int:
    """Compare runs. 0 where nothing is worse, 1 where something is, 2 for files that are no runs."""
    parser = argparse.ArgumentParser(prog="kubecheck diff", description=DESCRIPTION)
    parser.add_argument("old", type=Path, help="verdict.json or record.json of a run")
    parser.add_argument("new", type=Path, nargs="+", help="those of later runs, the last one last")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args(arguments)
    try:
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(_loaded, [given.old, *given.new]))
    except SnapshotProblem as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    comparison = compare(runs)
    if given.format == "json":
        compared = [
            {"run": each.run, "started": each.started.isoformat(timespec="seconds"), "verdict": each.verdict}
            for each in runs
        ]
        print(json.dumps({"runs": compared, **comparison.as_json()}, indent=1))
    else:
        print("\n".join(comparison.lines()))
    return int(comparison.worse)


def _loaded(path: Path) -> Snapshot:
    try:
        return load_snapshot(path)
    except RecordGiven:
        return _judged(path)


def _judged(record: Path) -> Snapshot:
    """A record, judged by this version's checks in a process of its own, and not as today's run is."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_A_RUN)}
    with tempfile.TemporaryDirectory(prefix="kubecheck-diff-") as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "--replay", str(record), "--reports", folder, "-q"],
            env=environment, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        verdict = Path(folder) / "verdict.json"
        if not verdict.is_file():
            said = (ran.stdout + ran.stderr).strip().splitlines() or ["nothing was said"]
            raise SnapshotProblem(f"{record} could not be judged: {said[-1]}")
        return snapshot(load_json(verdict), str(record))
