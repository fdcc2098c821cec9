"""A verdict.json, read back as far as two of them are compared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubecheck.input import TooLarge, parse_json, read_text
from kubecheck.outcomes import Outcome

SCHEMA = 1
FILE_LIMIT = 256 * 1024 * 1024  # bytes

Place = tuple[str, str]
"""A check's id and a vantage."""

# The names of a Deployment's pods: where it runs is the same pod's place before and after it is made anew.
# The letters are Kubernetes' own: https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
_GENERATED = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])")


class SnapshotProblem(Exception):
    """The file is no verdict that can be compared; the text is one sentence and what to do."""


class RecordGiven(SnapshotProblem):
    """The file is the record of a run, which has no verdict before it is judged."""


@dataclass(frozen=True)
class CauseTold:
    """A cause in a sentence, and what it explains: results, each with a target of it or an empty name."""

    says: str
    explains: tuple[tuple[Place, str], ...]


@dataclass(frozen=True)
class Snapshot:
    """What a run found. ``started`` is when its questions were asked, also where it is judged again later.

    ``targets`` are the outcomes of a result's targets, by name. Names hold neither the run's id nor what
    Kubernetes makes up for a pod. ``causes`` are by the kind of cause and whom it blames; a run that was
    stopped is not ``diagnosed``, and has none.
    """

    run: str
    started: datetime
    verdict: str
    server: str
    nodes: frozenset[str]
    outcomes: Mapping[Place, Outcome]
    targets: Mapping[Place, Mapping[str, Outcome]]
    messages: Mapping[Place, str]
    causes: Mapping[tuple[str, tuple[str, ...]], CauseTold]
    diagnosed: bool

    def judged(self, place: Place) -> Outcome | None:
        """What became of a check at a vantage; None where there is no result or the check does not apply."""
        outcome = self.outcomes.get(place)
        return None if outcome is Outcome.NOT_APPLICABLE else outcome

    def has(self, cause: CauseTold, outcome: Outcome) -> bool:
        """Whether something that ``cause`` explains has this outcome here."""
        return any(self._judged_of(place, target) is outcome for place, target in cause.explains)

    def _judged_of(self, place: Place, target: str) -> Outcome | None:
        """The same of a target; of one that is not named any more where all of the result passed."""
        whole = self.judged(place)
        if not target or whole is Outcome.PASSED:
            return whole
        return self.targets.get(place, {}).get(target)

    def __str__(self) -> str:
        """The run in a few words."""
        told = f"run {self.run}, {self.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {self.verdict}"
        return told if self.diagnosed else f"{told} (causes were not looked for)"


def load_snapshot(path: Path) -> Snapshot:
    """Read a verdict.json. Raises SnapshotProblem, of which RecordGiven is one."""
    return snapshot(load_json(path), str(path))


def load_json(path: Path) -> Any:
    """The content of a JSON file. Raises SnapshotProblem."""
    try:
        return parse_json(read_text(path, FILE_LIMIT))
    except FileNotFoundError:
        raise SnapshotProblem(f"{path} does not exist: name the verdict.json of a run") from None
    except OSError as problem:
        raise SnapshotProblem(f"{path} cannot be read: {problem.strerror}") from None
    except TooLarge:
        raise SnapshotProblem(f"{path} is larger than a report can be; is it the right file?") from None
    except ValueError:
        raise SnapshotProblem(f"{path} is not JSON: name the verdict.json of a run") from None


def snapshot(body: Any, source: str) -> Snapshot:
    """The content of a verdict.json, as ``source`` holds it. Raises SnapshotProblem."""
    if isinstance(body, dict) and {"facts", "answers"} <= set(body):
        raise RecordGiven(
            f"{source} is the record of a run and no verdict: judge it with kubecheck --replay {source}"
            " --reports DIR, and name DIR/verdict.json"
        )
    if not isinstance(body, dict) or body.get("schema") != SCHEMA or "verdict" not in body:
        raise SnapshotProblem(f"{source} is no verdict.json of schema {SCHEMA}; is it the right file?")
    if "run" not in body:
        raise SnapshotProblem(
            f"{source} is of a run that could not begin, and has nothing to compare: {body.get('reason')}"
        )
    try:
        return _read(body)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise SnapshotProblem(f"{source} is damaged ({problem!r}): name another verdict.json") from None


def _naming(run: str, nodes: Iterable[str]) -> Callable[[str], str]:
    """What takes the run's id and what was made up for a pod out of a name.

    The name of a node stays whole: those that Cluster API makes have the same form as those of pods.
    """
    around: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for node in nodes:
        for found in _GENERATED.finditer(node):
            around[found[0]].add((node[: found.start()], node[found.end() :]))

    def without(found: re.Match[str]) -> str:
        text, begins, ends = found.string, found.start(), found.end()
        of_node = any(
            text.endswith(before, 0, begins) and text.startswith(after, ends)
            for before, after in around.get(found[0], ())
        )
        return found[0] if of_node else "-*"

    return lambda text: _GENERATED.sub(without, text.replace(f"kubecheck-{run}", "kubecheck-RUN"))


def _read(body: Mapping[str, Any]) -> Snapshot:
    run = str(body["run"])
    nodes = frozenset(str(node["name"]) for node in body["cluster"]["nodes"])
    name = _naming(run, nodes)
    targets: dict[Place, dict[str, Outcome]] = {}
    outcomes: dict[Place, Outcome] = {}
    messages: dict[Place, str] = {}
    for result in body["checks"]:
        place = str(result["id"]), str(result["vantage"])
        outcomes[place], messages[place] = Outcome(result["outcome"]), str(result["message"])
        found = targets[place] = {}
        for outcome, names in (result.get("targets") or {}).items():
            for target in names:
                # Two that become one by losing what was made up: it fails if one of them does.
                if found.get(name(target)) is not Outcome.FAILED:
                    found[name(target)] = Outcome(outcome)
    started = datetime.fromisoformat(body.get("recorded") or body["started"])
    return Snapshot(
        run=run,
        started=started if started.tzinfo else started.replace(tzinfo=UTC),
        verdict=str(body["verdict"]),
        server=str(body["cluster"]["server"]),
        nodes=nodes,
        outcomes=outcomes,
        targets=targets,
        messages=messages,
        causes={
            (str(cause["id"]), tuple(sorted(map(name, cause["blames"])))): CauseTold(
                str(cause["says"]),
                tuple(
                    ((str(each["check"]), str(each["vantage"])), name(target))
                    for each in cause.get("explains", ())
                    for target in each["targets"] or [""]
                ),
            )
            for cause in body["causes"]
        },
        diagnosed=bool(body.get("diagnosed", True)),
    )
