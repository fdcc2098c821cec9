"""``kubecheck runbook``: the runbook's lines, the checks that stand for them, and the last run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kubecheck.environment import Environment

WIDE = 140  # columns


def main(arguments: Sequence[str]) -> int:
    """Print the table. 2 for a verdict.json that cannot be read."""
    from rich.console import Console
    from rich.table import Table

    from kubecheck.checks.catalogue import load_checks, suites
    from kubecheck.report.runbook import table
    from kubecheck.report.snapshot import SnapshotProblem, load_json

    parser = argparse.ArgumentParser(
        prog="kubecheck runbook",
        description="The runbook's lines, the checks that stand for each, and their outcome in the last run.",
    )
    Environment(parser.add_argument, parser.error).addoption(
        "--reports", default="reports", metavar="DIR", help="folder of the last run's reports"
    )
    folder = Path(parser.parse_args(arguments).reports)
    try:
        verdict = load_json(folder / "verdict.json") if (folder / "verdict.json").exists() else None
        rows = table(load_checks(suites()), verdict)
    except SnapshotProblem as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    except (KeyError, TypeError, AttributeError):
        print(f"kubecheck: {folder}/verdict.json is damaged: name another folder", file=sys.stderr)
        return 2
    shown = Table("line", "what must hold", box=None)
    for column in ("check", "last run"):
        shown.add_column(column, no_wrap=True)
    last = ""
    for line, demand, check, outcome in rows:
        shown.add_row(*((line, demand) if line != last else ("", "")), check, outcome)
        last = line
    console = Console(highlight=False)
    # Into a file or a pipe it goes whole; rich takes 80 columns for those.
    if not console.is_terminal:
        console.width = WIDE
    console.print(shown)
    return 0
