"""What a run says of each of its checks, as a page shows it: by runbook line and by area."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubecheck.outcomes import Outcome, Result
from kubecheck.report.digest import counted, gathered
from kubecheck.report.document import Ending
from kubecheck.report.runbook import LINES, WORST

EVIDENCE = 20  # messages of a check that are told in full
NAMES = 12  # nodes of a place that are named
FROM = {"pod": "pods on", "node": "nodes", "kubectl": "kubectl to", "api": "the API server on"}


@dataclass(frozen=True)
class Said:
    """The same message at one or several vantages."""

    outcome: Outcome
    at: str
    message: str


@dataclass(frozen=True)
class CheckTold:
    """A check with all that was judged of it. ``outcome`` is the worst."""

    id: str
    title: str
    runbook: tuple[str, ...]
    remedy: tuple[str, ...]
    outcome: Outcome
    counts: dict[Outcome, int]
    said: tuple[Said, ...]
    more: int
    """Messages that are left out."""
    passed_at: str
    seconds: float

    @property
    def area(self) -> str:
        """The folder that the check is in."""
        return self.id.partition(".")[0]

    @property
    def summary(self) -> str:
        """``3 failed, 2 passed``."""
        return ", ".join(f"{self.counts[word]} {word.value}" for word in WORST if self.counts[word])


@dataclass(frozen=True)
class LineTold:
    """A line of the runbook: ``checks`` are told here, ``elsewhere`` under an earlier line."""

    line: str
    demand: str
    outcome: Outcome | None
    checks: tuple[CheckTold, ...]
    elsewhere: tuple[CheckTold, ...]

    @property
    def lacking(self) -> str:
        """How much of a line that passed was not looked at; empty where all of it was."""
        every = (*self.checks, *self.elsewhere)
        lacking = sum(check.outcome is Outcome.NOT_APPLICABLE for check in every)
        if self.outcome is not Outcome.PASSED or not lacking:
            return ""
        return f"{lacking} of {counted(len(every), 'check')} {'does' if lacking == 1 else 'do'} not apply"


@dataclass(frozen=True)
class AreaTold:
    """The checks of an area, the worst first."""

    name: str
    outcome: Outcome
    checks: tuple[CheckTold, ...]


def tell_checks(ending: Ending) -> list[CheckTold]:
    """Every check that was judged, in the order of their ids."""
    groups = gathered(ending.results, lambda result: result.check)
    return sorted((_check(results) for results in groups), key=lambda told: told.id)


def by_line(checks: Sequence[CheckTold]) -> list[LineTold]:
    """All lines of the runbook; each check is told under the first of its lines."""
    found = []
    for line, demand in LINES.items():
        mine = _worst_first(check for check in checks if line in check.runbook)
        here = tuple(check for check in mine if check.runbook[0] == line)
        elsewhere = tuple(check for check in mine if check.runbook[0] != line)
        found.append(LineTold(line, demand, mine[0].outcome if mine else None, here, elsewhere))
    return found


def _worst_first(checks: Iterable[CheckTold]) -> list[CheckTold]:
    return sorted(checks, key=lambda check: (WORST.index(check.outcome), check.id))


def by_area(checks: Iterable[CheckTold]) -> list[AreaTold]:
    """The checks that stand for no line of the runbook, by area."""
    groups = gathered([check for check in checks if not check.runbook], lambda check: check.area)
    return [AreaTold(group[0].area, group[0].outcome, tuple(group)) for group in map(_worst_first, groups)]


def reasons(results: Iterable[Result]) -> list[tuple[str, str, str, str]]:
    """Why checks do not apply: id, title, where, and the reason, once for nodes of which the same is said."""
    groups = gathered(results, lambda result: (result.check, _alike(result)))
    return [(g[0].check, g[0].title, places(g), _reason(g[0].message)) for g in groups]


def places(results: Iterable[Result]) -> str:
    """Where results were judged: ``pods on node1, node2; nodes node1``."""
    return at(result.vantage for result in results)


def at(vantages: Iterable[str]) -> str:
    """The same for vantages."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for vantage in vantages:
        kind, _, node = vantage.partition(":")
        nodes[kind if node else ""].append(node or _whole(kind))
    return "; ".join(f"{FROM.get(kind, kind)} {few(names)}".strip() for kind, names in nodes.items())


def few(names: Sequence[str]) -> str:
    """All of a few names; of many the first ones, and how many others there are."""
    if len(names) <= NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {counted(len(names) - 3, 'other')}"


def _check(results: Sequence[Result]) -> CheckTold:
    first = results[0]
    counts = Counter(result.outcome for result in results)
    told = [r for r in results if r.outcome in (Outcome.FAILED, Outcome.UNKNOWN)]
    told.sort(key=lambda result: WORST.index(result.outcome))
    groups = gathered(told, lambda result: (result.outcome, _alike(result)))
    skipped = gathered([r for r in results if r.outcome is Outcome.NOT_APPLICABLE], _alike)
    said = [Said(g[0].outcome, places(g), g[0].message) for g in (*groups, *skipped)]
    passed = [result for result in results if result.outcome is Outcome.PASSED]
    return CheckTold(
        id=first.check,
        title=first.title,
        runbook=first.runbook,
        remedy=first.remedy,
        outcome=next(outcome for outcome in WORST if counts[outcome]),
        counts=dict(counts) | {outcome: 0 for outcome in Outcome if outcome not in counts},
        said=tuple(said[:EVIDENCE]),
        more=max(0, len(said) - EVIDENCE),
        passed_at=places(passed),
        seconds=max(result.seconds for result in results),
    )


def _alike(result: Result) -> str:
    """The message without its own node's name, which is told beside it."""
    node = result.vantage.partition(":")[2]
    return result.message.replace(node, "\0") if node else result.message


def _reason(message: str) -> str:
    """Why; of many targets, what is said of the first one."""
    lines = message.splitlines()
    return lines[1].partition(": ")[2] or lines[1] if len(lines) > 1 else message


def _whole(kind: str) -> str:
    return {"api": "the cluster, through its API server", "fleet": "this run's own objects"}.get(kind, kind)
