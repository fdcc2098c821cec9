"""What a run tells GitHub Actions: annotations in the log, and the job's summary in Markdown.

Commands in the log: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kubecheck.diagnosis import Cause
from kubecheck.outcomes import Verdict
from kubecheck.report.digest import (
    Gap,
    Group,
    counted,
    explained_by,
    first,
    not_asked,
    not_verified,
    unexplained,
)
from kubecheck.report.document import Ending
from kubecheck.report.lines import plain
from kubecheck.report.terminal import places

ANNOTATIONS = 10  # errors of one step that GitHub shows
TOLD = 50  # rows of a table; a summary may have 1 MiB
LONG = 2000  # characters of one text
SIGNS = {Verdict.READY: "✅", Verdict.NOT_READY: "❌", Verdict.UNDECIDED: "⚠️", Verdict.NO_VERDICT: "⛔"}

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def annotated(ending: Ending) -> list[str]:
    """Lines for the log: an error for each cause and each check that nothing explains, at most ten."""
    found = [_error(f"kubecheck: {cause.kind.title}", _of_cause(cause)) for cause in ending.diagnosis.causes]
    found += [
        _error(
            f"{group.first.check}: {group.first.title}",
            f"at {places(group.vantages, 6)}\n{group.first.message}",
        )
        for group in unexplained(ending)
    ]
    if len(found) > ANNOTATIONS:
        more = f"{len(found) - ANNOTATIONS + 1} more causes and checks are in the job's summary"
        found[ANNOTATIONS - 1 :] = [_error("kubecheck", more)]
    if not found and ending.verdict is not Verdict.READY:
        gaps = "\n".join(
            f"{gap.reason} {f'-> {gap.needs}' if gap.needs else ''}" for gap in not_verified(ending)
        )
        found = [_command("warning", f"kubecheck: {ending.verdict}", gaps or "nothing was checked")]
    return found


def annotation_without_verdict(reason: str) -> str:
    """The line for the log of a run that could not begin."""
    return _error(f"kubecheck: {Verdict.NO_VERDICT}", reason)


def summary(ending: Ending) -> str:
    """The job's summary: verdict, causes, what nothing explains, counts, what was not verified."""
    facts = ending.facts
    stopped = " (stopped before its end)" if ending.interrupted else ""
    parts = [
        f"## {SIGNS[ending.verdict]} kubecheck: {ending.verdict_told}{stopped}",
        f"{_md(facts.server)}, Kubernetes {_md(facts.server_version)}, {counted(len(facts.nodes), 'node')}",
        _table(("outcome", "results"), [(word, str(number)) for word, number in ending.counts().items()]),
    ]
    causes = ending.diagnosis.causes
    if causes:
        parts += ["### Causes", _causes(ending, causes)]
        parts += [f"**{_md(cause.finding.says)}**\n\n{_code(first(cause.remedy))}" for cause in causes[:TOLD]]
    groups = unexplained(ending)
    if groups:
        heading = "### Not explained by any known cause" if causes else "### Failed"
        heading = heading if ending.diagnosis.looked_for else "### Failed; causes were not looked for"
        parts += [heading, _groups(groups)]
    gaps, policy = not_verified(ending), not_asked(ending)
    if gaps or policy:
        parts += ["### Not verified", _gaps(gaps, policy)]
    return "\n\n".join(parts) + "\n\n"


def summary_without_verdict(reason: str) -> str:
    """The job's summary of a run that could not begin."""
    verdict = Verdict.NO_VERDICT
    return f"## {SIGNS[verdict]} kubecheck: {verdict}\n\n{_md(reason)}\n\n"


def _causes(ending: Ending, causes: Sequence[Cause]) -> str:
    rows = []
    for cause in causes[:TOLD]:
        failed, unknown = explained_by(ending, cause)
        rows.append(
            (
                _md(cause.finding.says),
                "<br>".join(map(_md, first(cause.finding.blames))),
                cause.finding.confidence.name.lower(),
                f"{counted(len(failed), 'failure')}, {counted(len(unknown), 'unknown')}",
            )
        )
    return _table(("cause", "blames", "confidence", "explains"), rows)


def _groups(groups: Sequence[Group]) -> str:
    rows = [
        (_md(f"{g.first.check}: {g.first.title}"), _md(places(g.vantages, 6)), _md(g.first.message))
        for g in groups[:TOLD]
    ]
    more = f"\n\n... and {len(groups) - TOLD} more checks in the reports" if len(groups) > TOLD else ""
    return _table(("check", "at", "evidence"), rows) + more


def _gaps(gaps: Sequence[Gap], policy: Iterable[str]) -> str:
    told = [
        f"- {len(gap.results)} {gap.word}: {_md(gap.reason)}{f' → {_md(gap.needs)}' if gap.needs else ''}"
        for gap in gaps[:TOLD]
    ]
    asked = ", ".join(_md(key) for key in policy)
    return "\n".join([*told, *([f"- policy does not ask for {asked}"] if asked else [])])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(commands: Sequence[str]) -> str:
    text = "\n".join(" ".join(plain(command).split()) for command in commands)
    # A fence ends at a run of backticks as long as its own.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}sh\n{text}\n{fence}"


def _md(text: str) -> str:
    """Text of the cluster as Markdown that shows it and nothing else: no markup, link or HTML."""
    short = text if len(text) <= LONG else f"{text[:LONG]} ..."
    lines = [" ".join(line.split()) for line in plain(short).strip().splitlines()]
    return "<br>".join(_PUNCTUATION.sub(r"\\\1", line) for line in lines)


def _of_cause(cause: Cause) -> str:
    steps = [f"mend: {step}" for step in first(cause.remedy)]
    return "\n".join([cause.finding.says, f"blames {', '.join(first(cause.finding.blames))}", *steps])


def _error(title: str, message: str) -> str:
    return _command("error", title, message)


def _command(name: str, title: str, message: str) -> str:
    text = _data(message if len(message) <= LONG else f"{message[:LONG]} ...")
    return f"::{name} title={_data(title).replace(':', '%3A').replace(',', '%2C')}::{text}"


def _data(text: str) -> str:
    kept = "".join(c if c in "\r\n" or c.isprintable() else "\ufffd" for c in text)
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
