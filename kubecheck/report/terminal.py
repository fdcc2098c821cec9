"""The verdict on the terminal, in a screen: causes, what they do not explain, what was not verified."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from kubecheck.diagnosis import Cause
from kubecheck.outcomes import Outcome, Result, Verdict
from kubecheck.report.digest import (
    FIRST,
    Gap,
    Group,
    counted,
    explained_by,
    not_asked,
    not_verified,
    unexplained,
)
from kubecheck.report.document import Ending
from kubecheck.report.lines import Block, Line, cut, fitted, height, paragraph, plain

ROWS = 34  # of the summary; with pytest's last lines it stays below 40
ROWS_OF_GAPS = 7
EVIDENCE = 3  # lines of a message in full
CONFIRMED = 2
COLOURS = {Verdict.READY: "green", Verdict.NOT_READY: "red"}


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def write_line(self, line: str, **markup: bool) -> None:
        """A line, in colour where the terminal has it."""

    def write_sep(self, sep: str, title: str | None = None, **markup: bool) -> None:
        """A line across the terminal with a title."""


def tell(ending: Ending, out: Writer, reports: Path, *, width: int = 0, everything: bool = False) -> None:
    """Write the summary. Text of the cluster is stripped of control characters.

    ``width`` is the terminal's; 0 leaves long lines whole, for whoever reads them from a file. With
    ``everything`` nothing is left out for want of room, and the failures that causes explain are listed.
    """
    out.write_sep("=", _title(ending), **{COLOURS.get(ending.verdict, "yellow"): True, "bold": True})
    groups = unexplained(ending)
    tail = _gaps(ending, width, everything=everything)
    page = reports / "verdict.html"
    tail.append(Line(f"reports: {_shown(page if page.is_file() else reports)}", {}))
    if everything and ending.requests:
        tail.append(Line(str(ending.requests), {}))
    room = 10**6 if everything else ROWS - 1 - height(tail, width)
    # What nobody can explain is not crowded out by what somebody can.
    kept = min(sum(height(_group_in_full(group, width), width) for group in groups), room // 3) + bool(groups)
    told = fitted(
        [_cause_in_details(ending, n, cause, width) for n, cause in enumerate(ending.diagnosis.causes, 1)],
        room - kept,
        width,
        "causes",
    )
    if everything:
        told = [line for n, cause in enumerate(ending.diagnosis.causes, 1)
                for line in _cause_with_all(ending, n, cause, width)]  # fmt: skip
    if groups:
        heading = "not explained by any known cause:" if ending.diagnosis.causes else "failed:"
        heading = heading if ending.diagnosis.looked_for else "failed; causes were not looked for:"
        told.append(Line(heading, {"red": True, "bold": True}))
        left = room - height(told, width)
        told += fitted(
            [[_group_in_full(group, width, everything=everything), *_groups_in_short(group, width)]
             for group in groups], left, width, "checks",
        )  # fmt: skip
    for line in told + tail:
        out.write_line(line.text, **line.markup)


def _title(ending: Ending) -> str:
    causes, failed = ending.diagnosis.causes, ending.with_outcome(Outcome.FAILED)
    said = ending.verdict_told
    if causes:
        # Where nothing failed, causes tell why something could not be told.
        what, noun = (failed, "failure") if failed else (ending.with_outcome(Outcome.UNKNOWN), "unknown")
        explained = {id(r) for cause in causes for r in explained_by(ending, cause)[0 if failed else 1]}
        verb = "explains" if len(causes) == 1 else "explain"
        said += f": {counted(len(causes), 'cause')} {verb} {len(explained)} of {counted(len(what), noun)}"
    elif failed:
        checks = len({result.check for result in failed})
        said += f": {counted(len(failed), 'failure')} of {counted(checks, 'check')}"
    return said + (" (stopped before its end)" if ending.interrupted else "")


def _cause_in_details(
    ending: Ending, number: int, cause: Cause, width: int, *, everything: bool = False
) -> list[Block]:
    """From the fullest to the shortest telling of a cause."""
    finding = cause.finding
    head = paragraph(f"{number}. ", f"{finding.says} ({finding.confidence.name.lower()})", width, bold=True)
    blamed = finding.blames if everything else finding.blames[:FIRST]
    more = f" and {len(finding.blames) - len(blamed)} more" if len(finding.blames) > len(blamed) else ""
    # Not wrapped either: names are copied, and may be longer than a line.
    blames = [Line(plain(f"   blames    {', '.join(blamed)}{more}"), {})]
    because = [
        line for said in finding.confirmed[:CONFIRMED] for line in paragraph("   because   ", said, width)
    ]
    steps = cause.remedy if everything else cause.remedy[:FIRST]
    mend = [_command(step) for step in steps]
    if len(cause.remedy) > len(steps):
        left = counted(len(cause.remedy) - len(steps), "more line")
        mend.append(Line(f"             ... and {left} in the report", {}))
    explains = paragraph(
        "   explains  ", f"{_extent(ending, cause)} (kubecheck explain {cause.kind.id})", width
    )
    return [
        [*head, *blames, *because, *explains, *mend],
        [*head, *blames, *explains, *mend],
        [*head, *blames, *mend[:1]],
        [Line(cut(plain(f"{number}. {finding.says}"), width), {"bold": True})],
    ]


def _cause_with_all(ending: Ending, number: int, cause: Cause, width: int) -> Block:
    block = _cause_in_details(ending, number, cause, width, everything=True)[0]
    for results in explained_by(ending, cause):
        for check, vantages in _by_check(results).items():
            block += paragraph(f"   {results[0].outcome} ", f"{check} at {places(vantages, 10**6)}", width)
    return block


def _extent(ending: Ending, cause: Cause) -> str:
    failed, unknown = explained_by(ending, cause)
    parts = [
        f"{counted(len(results), noun)} of {counted(len({r.check for r in results}), 'check')}"
        for results, noun in ((failed, "failure"), (unknown, "unknown"))
        if results
    ]
    return " and ".join(parts) or "nothing that was checked"


def _group_in_full(group: Group, width: int, *, everything: bool = False) -> Block:
    first = group.first
    numbers = f" ({', '.join(first.runbook)})" if first.runbook else ""
    block = paragraph("  ", f"{first.check}{numbers}: {first.title}", width, hang=2, bold=True)
    block += paragraph("    at ", places(group.vantages, 10**6 if everything else 4), width)
    lines = first.message.splitlines()
    shown = lines if everything else lines[:EVIDENCE]
    for line in shown:
        block += paragraph("    ", line, width, hang=2)
    if len(lines) > len(shown):
        block.append(Line(f"    ... and {counted(len(lines) - len(shown), 'more line')} in the report", {}))
    steps = first.remedy if everything else first.remedy[:1]
    return block + [_command(step, "    next: ") for step in steps]


def _groups_in_short(group: Group, width: int) -> list[Block]:
    """With the beginning of its evidence, and without."""
    where = counted(len(group.vantages), "vantage")
    text = plain(f"  {group.first.check} at {where}: {group.first.title}")
    head = Line(cut(text, width), {"bold": True})
    evidence = paragraph("    ", group.first.message.partition("\n")[0], width, hang=2, most=2)
    return [[head, *evidence], [head]]


def _gaps(ending: Ending, width: int, *, everything: bool) -> Block:
    """What was not verified, and what would verify it."""
    gaps, policy = not_verified(ending), not_asked(ending)
    if not gaps and not policy:
        return []
    told = fitted(
        [[_gap(gap, width), _gap(gap, width, most=1)] for gap in gaps],
        10**6 if everything else ROWS_OF_GAPS,
        width,
        "reasons",
    )
    if policy:
        number = sum(policy.values())
        told += paragraph(
            "  ", f"{number} skipped: policy does not ask for {', '.join(policy)}", width, hang=2
        )
    return [Line("not verified:", {"yellow": True, "bold": True}), *told]


def _gap(gap: Gap, width: int, most: int = 3) -> Block:
    what = f"{len(gap.results)} {gap.word}: {gap.reason}"
    if gap.needs:
        # What would verify it is never cut off.
        return paragraph("  ", f"{what} -> {gap.needs}", width, hang=2)
    named = ", ".join(gap.checks[:2]) + (f" and {len(gap.checks) - 2} more" if len(gap.checks) > 2 else "")
    return paragraph("  ", f"{what} ({named})", width, hang=2, most=most)


def _command(step: str, label: str = "   mend      ") -> Line:
    # Never wrapped: a terminal wraps it itself, and it can still be copied in one piece.
    return Line(plain(label + step), {"cyan": True})


def _by_check(results: Iterable[Result]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for result in results:
        found[result.check].append(result.vantage)
    return found


def places(vantages: Sequence[str], most: int) -> str:
    """Vantages by kind: ``pod: a, b and 3 more; node: a``, of each kind ``most`` nodes by name."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for vantage in vantages:
        kind, _, node = vantage.partition(":")
        kinds[kind] += [node] if node else []
    said = []
    for kind, nodes in kinds.items():
        more = f" and {len(nodes) - most} more" if len(nodes) > most else ""
        said.append(f"{kind}: {', '.join(nodes[:most])}{more}" if nodes else kind)
    return "; ".join(said)


def _shown(path: Path) -> str:
    """As a person would name it from here."""
    here = os.path.relpath(path)
    return plain(str(path) if here.startswith("..") else here)
