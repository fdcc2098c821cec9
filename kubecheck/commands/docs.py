"""``kubecheck docs``: the pages of all checks and causes, as they lie in docs/."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.report.explanation import explained
from kubecheck.report.pages import write_pages


def main(arguments: Sequence[str]) -> int:
    """Write the pages. 2 when the folder cannot be written to."""
    parser = argparse.ArgumentParser(
        prog="kubecheck docs",
        description="Write the pages of all checks, all causes, the rights and the runbook, in Markdown.",
    )
    parser.add_argument(
        "folder", help="where to: checks/, causes.md, rights.md and runbook.md are written there"
    )
    folder = Path(parser.parse_args(arguments).folder)
    try:
        written = write_pages(explained(load_checks(suites()), all_kinds()), folder)
    except OSError as problem:
        print(f"kubecheck: {problem.filename} cannot be written: {problem.strerror}", file=sys.stderr)
        return 2
    print(f"{len(written)} pages below {folder}")
    return 0
