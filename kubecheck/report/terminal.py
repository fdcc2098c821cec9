"""The summary on the terminal: what failed, what could not be told, grouped by check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kubecheck.outcomes import Outcome, Result
from kubecheck.report.document import Ending

CHECKS_TOLD = 12  # checks told in full of each outcome; the others are in the reports
LINES = 4  # lines of a message


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def write_line(self, line: str, **markup: bool) -> None:
        """A line, in colour where the terminal has it."""

    def write_sep(self, sep: str, title: str | None = None, **markup: bool) -> None:
        """A line across the terminal with a title."""


def tell(ending: Ending, out: Writer, reports: Path) -> None:
    """Write the summary. Text of the cluster is stripped of control characters."""
    for outcome, title, colour in (
        (Outcome.FAILED, "failed", "red"),
        (Outcome.UNKNOWN, "could not be told", "yellow"),
    ):
        found = ending.with_outcome(outcome)
        if not found:
            continue
        out.write_sep("=", title, **{colour: True})
        groups = _by_check(found)
        for results in groups[:CHECKS_TOLD]:
            _tell_check(results, out, colour)
        if len(groups) > CHECKS_TOLD:
            out.write_line(f"... and {len(groups) - CHECKS_TOLD} more checks, all in {reports}/verdict.json")
    out.write_line(f"reports: {reports}")


def _tell_check(results: Sequence[Result], out: Writer, colour: str) -> None:
    first = results[0]
    numbers = f" ({', '.join(first.runbook)})" if first.runbook else ""
    out.write_line(f"{first.check}{numbers}: {first.title}", bold=True)
    out.write_line(f"  at: {', '.join(result.vantage for result in results)}", **{colour: True})
    lines = plain(first.message).splitlines()
    for line in lines[:LINES]:
        out.write_line(f"  {line}")
    if len(lines) > LINES:
        out.write_line(f"  ... {len(lines) - LINES} more lines in the report")
    for step in first.remedy:
        out.write_line(f"  next: {step}")


def _by_check(results: Sequence[Result]) -> list[list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.check].append(result)
    return list(groups.values())


def plain(text: str) -> str:
    """``text`` without control characters: a probe's output must not steer the terminal."""
    return "".join(c if c == "\n" or c.isprintable() else "\ufffd" for c in text)
