"""A run's end in groups, as people are told it: by cause, by check, by what was not verified.

Terminal, annotations, job summary, metrics and Allure tell the same groups in their own ways.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kubecheck.cluster.rights import Right
from kubecheck.diagnosis import Cause
from kubecheck.outcomes import NO_LINUX, NO_PROBES, Outcome, Result

if TYPE_CHECKING:
    from kubecheck.report.document import Ending  # whose reports tell these groups

FEW = 2  # rights that are told one by one
FIRST = 8  # of whom a cause blames and of what mends it, where not all has room

T = TypeVar("T")
Key = tuple[str, str]  # a result's check and vantage

_FORBIDDEN = re.compile(
    r'cannot (?P<verb>\w+) (?:resource )?"(?P<resource>[^"]+)"(?: in API group "(?P<group>[^"]*)")?'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_POLICY_KEY = re.compile(r"\(([a-z_]+(?:\.[a-z_]+)*)\)")


@dataclass(frozen=True)
class Group:
    """Results of one check that went wrong, in the order of their vantages."""

    results: tuple[Result, ...]

    @property
    def first(self) -> Result:
        """The one whose message stands for all."""
        return self.results[0]

    @property
    def vantages(self) -> tuple[str, ...]:
        """Where it went wrong."""
        return tuple(result.vantage for result in self.results)


@dataclass(frozen=True)
class Gap:
    """What was not verified for one reason. ``needs`` would verify it; empty where nothing is known to."""

    needs: str
    reason: str
    results: tuple[Result, ...]

    @property
    def word(self) -> str:
        """What became of them."""
        return "unknown" if self.results[0].outcome is Outcome.UNKNOWN else "skipped"

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that it concerns, each once."""
        return tuple(dict.fromkeys(result.check for result in self.results))


def explaining(ending: Ending) -> dict[Key, tuple[Cause, ...]]:
    """The causes that explain something of a result, by its check and vantage."""
    found: dict[Key, list[Cause]] = defaultdict(list)
    for cause in ending.diagnosis.causes:
        for key in dict.fromkeys((s.check, s.vantage) for s in cause.finding.explains):
            found[key].append(cause)
    return {key: tuple(causes) for key, causes in found.items()}


def explained_by(ending: Ending, cause: Cause) -> tuple[list[Result], list[Result]]:
    """The results that ``cause`` explains: those that failed, and those that could not be told."""
    keys = {(symptom.check, symptom.vantage) for symptom in cause.finding.explains}
    places = sorted(ending.places[key] for key in keys if key in ending.places)
    mine = [ending.results[place] for place in places]
    return (
        [result for result in mine if result.outcome is Outcome.FAILED],
        [result for result in mine if result.outcome is Outcome.UNKNOWN],
    )


def unexplained(ending: Ending) -> list[Group]:
    """Failures that no cause explains, or not wholly, by check."""
    left = {(symptom.check, symptom.vantage) for symptom in ending.diagnosis.unexplained}
    causes = explaining(ending)
    mine = [
        result
        for result in ending.with_outcome(Outcome.FAILED)
        if (result.check, result.vantage) in left or (result.check, result.vantage) not in causes
    ]
    return [Group(tuple(results)) for results in gathered(mine, lambda result: result.check)]


def stopped_by_rights(ending: Ending) -> list[tuple[Right, list[Result]]]:
    """Each right that is missing, with the results that could not be told without it."""
    unknown = ending.with_outcome(Outcome.UNKNOWN)
    return [
        (right, [r for r in unknown if right.stops(r.check, r.vantage.partition(":")[0])])
        for right in ending.facts.missing_rights.found or ()
    ]


def not_verified(ending: Ending) -> list[Gap]:
    """What could not be told and no cause explains, by reason; then what needs a flag, or cannot be had.

    What policy does not ask for is none of these: see ``not_asked``.
    """
    causes = explaining(ending)
    unknown = [r for r in ending.with_outcome(Outcome.UNKNOWN) if (r.check, r.vantage) not in causes]
    stopping: dict[Key, list[Right]] = defaultdict(list)
    for right, stopped in stopped_by_rights(ending):
        for result in stopped:
            stopping[result.check, result.vantage].append(right)

    def needs(result: Result) -> str:
        return _grant(stopping[result.check, result.vantage]) or _right(result.message)

    gaps = [
        Gap(needs(results[0]), _reason(results[0]), tuple(results))
        for results in gathered(unknown, lambda r: needs(r) or _anywhere(r))
    ]
    skipped = ending.with_outcome(Outcome.NOT_APPLICABLE)
    for sign, instead, reason in (
        ("--node-access", "run with --node-access", "the nodes' own files were not looked at"),
        (NO_PROBES, "run without --no-probes", "only what the API tells was looked at"),
        (NO_LINUX, "", f"some nodes run no Linux, and {NO_LINUX}"),
    ):
        if found := tuple(result for result in skipped if sign in result.message):
            gaps.append(Gap(instead, reason, found))
    return sorted(gaps, key=lambda gap: (gap.results[0].outcome is not Outcome.UNKNOWN, -len(gap.results)))


def not_asked(ending: Ending) -> dict[str, int]:
    """The keys of policy that would have more checked, and how many results each stands for."""
    found: dict[str, int] = defaultdict(int)
    for result in ending.with_outcome(Outcome.NOT_APPLICABLE):
        key = _POLICY_KEY.search(result.message) if "policy" in result.message else None
        if key:
            found[key[1]] += 1
    return dict(found)


def gathered(items: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """``items`` in groups of the same ``key``, groups and members in their first order."""
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.values())


def first(items: Sequence[str]) -> list[str]:
    """All of a few items; of many the first ones, and a last one that says how many others there are."""
    more = len(items) - FIRST
    return [*items[:FIRST], *([f"... and {more} more, in verdict.json"] if more > 0 else [])]


def counted(number: int, noun: str) -> str:
    """``3 checks``, ``1 check``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _grant(rights: list[Right]) -> str:
    """What grants ``rights``; empty where there is none."""
    each = list(dict.fromkeys(map(str, rights)))
    if len(each) > FEW:
        parts = dict.fromkeys(f"kubecheck-{right.part}" for right in rights)
        return f"grant {' and '.join(parts)} of `kubecheck rights`"
    return f"grant the right to {' and to '.join(each)}" if each else ""


def _right(message: str) -> str:
    """The right that the API server missed, where it says so."""
    found = _FORBIDDEN.search(message)
    if not found:
        return ""
    group = f".{found['group']}" if found["group"] else ""
    where = f" in namespace {found['namespace']}" if found["namespace"] else ""
    return f"grant the right to {found['verb']} {found['resource']}{group}{where}"


def _anywhere(result: Result) -> str:
    """The reason without what differs from node to node: names and times."""
    node = result.vantage.partition(":")[2]
    reason = _reason(result)
    return re.sub(r"\d+(\.\d+)?", "0", reason.replace(node, "NODE") if node else reason)


def _reason(result: Result) -> str:
    """The first line of why; where targets differ, what is said of the first one without its name."""
    lines = result.message.splitlines() or [""]
    if len(lines) > 1 and re.match(r"\d+ of \d+ ", lines[0]):
        return lines[1].partition(": ")[2] or lines[1]
    return lines[0]
