"""What became different between runs: broken, healed, new, gone, flaky."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from kubecheck.outcomes import Outcome
from kubecheck.report.document import Ending, entries, outline
from kubecheck.report.lines import plain
from kubecheck.report.snapshot import Place, Snapshot, snapshot

SHOWN = 4  # names in a line of the summary


@dataclass(frozen=True)
class Change:
    """A check whose outcome changed alike at some vantages; None stands for no result.

    ``targets`` are those that fail now and did not, where the check as a whole failed before already.
    ``history`` are the outcomes of all runs, for what is flaky.
    """

    check: str
    vantages: tuple[str, ...]
    before: Outcome | None
    now: Outcome | None
    targets: tuple[str, ...] = ()
    history: tuple[Outcome, ...] = ()
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """For verdict.json and ``kubecheck diff --format json``."""
        body: dict[str, Any] = {
            "check": self.check,
            "vantages": list(self.vantages),
            "before": self.before.value if self.before else None,
            "now": self.now.value if self.now else None,
        }
        if self.targets:
            body["targets"] = list(self.targets)
        if self.history:
            body["history"] = [outcome.value for outcome in self.history]
        return body


@dataclass(frozen=True)
class Comparison:
    """The difference between two runs, and what changed back and forth in runs between them.

    A check that does not apply counts as one without a result. ``untold`` could be told before.
    Causes are their kind's id and a sentence.
    """

    old: Snapshot
    new: Snapshot
    broke: tuple[Change, ...]
    untold: tuple[Change, ...]
    healed: tuple[Change, ...]
    added: tuple[Change, ...]
    gone: tuple[Change, ...]
    flaky: tuple[Change, ...]
    causes_added: tuple[tuple[str, str], ...]
    causes_gone: tuple[tuple[str, str], ...]

    @property
    def worse(self) -> bool:
        """Whether something broke, is not known any more, or is new and fails."""
        lost = any(each.before is Outcome.PASSED for each in self.untold)
        return bool(self.broke or lost or any(each.now is Outcome.FAILED for each in self.added))

    @property
    def sections(self) -> dict[str, tuple[Change, ...]]:
        """The changes by what they are called."""
        return {
            "broke": self.broke,
            "cannot be told any more": self.untold,
            "healed": self.healed,
            "new": self.added,
            "gone": self.gone,
            "flaky": self.flaky,
        }

    def as_json(self) -> dict[str, Any]:
        """All of it, for verdict.json and ``kubecheck diff --format json``."""
        return {
            "run": self.old.run,
            "started": self.old.started.isoformat(timespec="seconds"),
            "verdict": self.old.verdict,
            "worse": self.worse,
            "broke": [each.as_json() for each in self.broke],
            "untold": [each.as_json() for each in self.untold],
            "healed": [each.as_json() for each in self.healed],
            "new": [each.as_json() for each in self.added],
            "gone": [each.as_json() for each in self.gone],
            "flaky": [each.as_json() for each in self.flaky],
            "causes_new": [{"id": kind, "says": says} for kind, says in self.causes_added],
            "causes_gone": [{"id": kind, "says": says} for kind, says in self.causes_gone],
        }

    def summary(self) -> Iterator[str]:
        """At most five lines, for the end of a run. Text of the cluster is without control characters."""
        counts = [
            f"{sum(len(each.vantages) for each in changes)} {name}"
            for name, changes in self.sections.items()
            if changes
        ]
        nothing = not counts and not self.causes_added and not self.causes_gone
        yield plain(
            f"since {self.old}: {'nothing changed' if nothing else ', '.join(counts) or 'other causes'}"
        )
        for title, causes in (("new cause", self.causes_added), ("cause gone", self.causes_gone)):
            if causes:
                yield plain(f"  {title}: {_few([says for _, says in causes], '; ')}")
        for name, changes in (("broke", self.broke), ("healed", self.healed)):
            if changes:
                yield plain(f"  {name}: {_few(list(dict.fromkeys(each.check for each in changes)))}")

    def lines(self) -> Iterator[str]:
        """All of it. Text of the cluster is without control characters."""
        yield plain(f"old: {self.old}")
        yield plain(f"new: {self.new}")
        if self.old.server != self.new.server:
            yield plain(f"of two clusters: {self.old.server} and {self.new.server}")
        if not any(self.sections.values()) and not self.causes_added and not self.causes_gone:
            yield "nothing changed"
        for title, causes in (("new cause", self.causes_added), ("cause gone", self.causes_gone)):
            for kind, says in causes:
                yield plain(f"{title}: {says} (kubecheck explain {kind})")
        for name, changes in self.sections.items():
            if not changes:
                continue
            yield f"\n{name}:"
            others = (
                {f":{node}" for node in self.old.nodes ^ self.new.nodes} if name in ("new", "gone") else set()
            )
            for node, count in _of_nodes(changes, others).items():
                yield plain(f"  node {node[1:]}: {count} results that passed")
            for each in _without(changes, others):
                yield plain(f"  {each.check} at {', '.join(each.vantages)}: {_words(each)}")
                if each.message:
                    yield plain(f"    {each.message.partition(chr(10))[0]}")


def compared(ending: Ending, earlier: Snapshot | None) -> Ending:
    """``ending`` with what changed since ``earlier``, if there is such a run."""
    if earlier is None:
        return ending
    return replace(
        ending, since=compare([earlier, snapshot(outline(ending) | {"checks": entries(ending)}, "this run")])
    )


def compare(runs: Sequence[Snapshot]) -> Comparison:
    """The last of at least two runs, compared with the first one."""
    old, new = runs[0], runs[-1]
    places = sorted({*old.outcomes, *new.outcomes})
    found: dict[str, list[tuple[Place, Change]]] = defaultdict(list)
    for place in places:
        before, now = old.judged(place), new.judged(place)
        targets = _broken_targets(old, new, place)
        name = _section(before, now, targets)
        if name:
            bad = now in (Outcome.FAILED, Outcome.UNKNOWN)
            message = new.messages[place] if bad and not targets else ""
            found[name].append((place, Change(place[0], (), before, now, targets, message=message)))
    for place in sorted({place for run in runs for place in run.outcomes}):
        history = _history(runs, place)
        if _turns(history) > 1:
            change = Change(place[0], (), old.judged(place), new.judged(place), history=history)
            found["flaky"].append((place, change))
    grouped = {name: _grouped(changes) for name, changes in found.items()}
    return Comparison(
        old=old,
        new=new,
        broke=grouped.get("broke", ()),
        untold=grouped.get("untold", ()),
        healed=grouped.get("healed", ()),
        added=grouped.get("new", ()),
        gone=grouped.get("gone", ()),
        flaky=grouped.get("flaky", ()),
        causes_added=_causes_added(old, new),
        causes_gone=_causes_gone(old, new),
    )


def _section(before: Outcome | None, now: Outcome | None, targets: Sequence[str]) -> str:
    if targets:
        return "broke"
    if before is now:
        return ""
    if before is None:
        return "new"
    if now is None:
        return "gone"
    return {Outcome.FAILED: "broke", Outcome.UNKNOWN: "untold", Outcome.PASSED: "healed"}[now]


def _broken_targets(old: Snapshot, new: Snapshot, place: Place) -> tuple[str, ...]:
    """Targets that fail now and were not failing, where the result failed then as it does now.

    One that was not there before does not count: replicas move, and what joins fails in results of its own.
    """
    if not old.judged(place) is new.judged(place) is Outcome.FAILED:
        return ()
    before = old.targets[place]
    return tuple(
        sorted(
            name
            for name, outcome in new.targets[place].items()
            if outcome is Outcome.FAILED and before.get(name, Outcome.FAILED) is not Outcome.FAILED
        )
    )


def _history(runs: Iterable[Snapshot], place: Place) -> tuple[Outcome, ...]:
    """What a result was in each run that could tell."""
    outcomes = (run.judged(place) for run in runs)
    return tuple(each for each in outcomes if each in (Outcome.PASSED, Outcome.FAILED))


def _turns(history: Sequence[Outcome]) -> int:
    """How often an outcome changed; from twice on it went there and back."""
    return sum(one is not other for one, other in pairwise(history))


def _grouped(changes: Iterable[tuple[Place, Change]]) -> tuple[Change, ...]:
    """One change for all vantages where a check changed alike; the first message stands for all."""
    groups: dict[tuple[Any, ...], list[tuple[str, Change]]] = defaultdict(list)
    for (_, vantage), change in changes:
        key = (change.check, change.before, change.now, change.targets, change.history)
        groups[key].append((vantage, change))
    return tuple(
        replace(members[0][1], vantages=tuple(vantage for vantage, _ in members))
        for members in groups.values()
    )


def _causes_added(old: Snapshot, new: Snapshot) -> tuple[tuple[str, str], ...]:
    """Those that blame somebody whom no cause of their kind blamed before.

    Where causes were not looked for then, only those of which something passed.
    """
    return tuple(
        (key[0], cause.says)
        for key, cause in new.causes.items()
        if not _blamed([key]) <= _blamed(old.causes) and (old.diagnosed or old.has(cause, Outcome.PASSED))
    )


def _causes_gone(old: Snapshot, new: Snapshot) -> tuple[tuple[str, str], ...]:
    """Those of which nobody is blamed any more, and something that they explained passes now.

    Of the others it is not known: nobody looked, or it could not be told. Where causes were not looked for at
    all, one of which something fails as before may still be there.
    """
    return tuple(
        (key[0], cause.says)
        for key, cause in old.causes.items()
        if not _blamed([key]) & _blamed(new.causes)
        and new.has(cause, Outcome.PASSED)
        and (new.diagnosed or not new.has(cause, Outcome.FAILED))
    )


def _blamed(causes: Iterable[tuple[str, tuple[str, ...]]]) -> set[tuple[str, str]]:
    """Each kind of cause with each one whom it blames."""
    return {(kind, name) for kind, blames in causes for name in blames or ("",)}


def _of_nodes(changes: Iterable[Change], nodes: Iterable[str]) -> dict[str, int]:
    """How many results that passed came or went with each of ``nodes``, written as vantages end."""
    found = [v for each in changes if Outcome.PASSED in (each.before, each.now) for v in each.vantages]
    counted = {node: sum(vantage.endswith(node) for vantage in found) for node in sorted(nodes)}
    return {node: count for node, count in counted.items() if count}


def _without(changes: Iterable[Change], nodes: set[str]) -> Iterator[Change]:
    """``changes`` without the results that passed and came or went with ``nodes``."""
    for each in changes:
        ends = tuple(nodes) if Outcome.PASSED in (each.before, each.now) else ()
        left = tuple(vantage for vantage in each.vantages if not vantage.endswith(ends))
        if left:
            yield replace(each, vantages=left)


def _words(change: Change) -> str:
    if change.history:
        return ", ".join(change.history)
    if change.targets:
        return f"fails for {', '.join(change.targets)} too"
    if change.before is None:
        return str(change.now)
    if change.now is None:
        return f"{change.before} before"
    return f"{change.before}, now {change.now}"


def _few(names: Sequence[str], comma: str = ", ") -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{comma.join(names[:SHOWN])}{more}"
