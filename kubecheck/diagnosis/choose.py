"""The smallest set of causes that explains what went wrong, and what none of them explains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubecheck.diagnosis.cause import Cause, Confidence, Kind
from kubecheck.diagnosis.evidence import Evidence, Symptom


@dataclass(frozen=True)
class Diagnosis:
    """The causes, the one that explains most first, and the failures that none of them explains."""

    causes: tuple[Cause, ...] = ()
    unexplained: tuple[Symptom, ...] = ()


def diagnose(evidence: Evidence, kinds: Iterable[Kind]) -> Diagnosis:
    """Look for every kind of cause, and choose as few as explain all that can be explained.

    What could not be told is explained where a cause does so, but calls for none by itself.
    """
    if not any(symptom.failed for symptom in evidence.symptoms):
        return Diagnosis()
    found = [Cause(kind, finding) for kind in kinds for finding in kind.find(evidence)]
    chosen = smallest(found)
    explained = {symptom for each in chosen for symptom in each.finding.explains}
    left = tuple(s for s in evidence.symptoms if s.failed and s not in explained)
    return Diagnosis(chosen, left)


def smallest(found: Sequence[Cause]) -> tuple[Cause, ...]:
    """Choose causes until nothing more is explained: always the surest, then the one that explains most.

    A likely cause is not called for by what a certain one explains already. Greedy, which is never far from
    the smallest set: https://en.wikipedia.org/wiki/Set_cover_problem#Greedy_algorithm
    """
    chosen: list[Cause] = []
    explained: set[Symptom] = set()
    while True:
        gains = [(_gain(each, explained), each) for each in found if each not in chosen]
        gain, best = max(gains, key=lambda pair: pair[0], default=((Confidence.POSSIBLE, 0), None))
        if best is None or not gain[1]:
            return _without_needless(chosen)
        chosen.append(best)
        explained |= best.finding.explains


def _gain(each: Cause, explained: set[Symptom]) -> tuple[int, int]:
    """How sure it is, and how many failures it explains beyond those that are explained."""
    more = sum(symptom.failed for symptom in each.finding.explains - explained)
    return (each.finding.confidence if more else 0, more)


def _without_needless(chosen: Sequence[Cause]) -> tuple[Cause, ...]:
    """Leave out what the others explain together, the least sure and smallest first; then order by weight."""
    kept = list(chosen)
    for each in sorted(chosen, key=_weight):
        others = {s for other in kept if other is not each for s in other.finding.explains}
        if all(symptom in others for symptom in each.finding.explains if symptom.failed):
            kept.remove(each)
    return tuple(sorted(kept, key=_weight, reverse=True))


def _weight(each: Cause) -> tuple[int, int]:
    return (sum(s.failed for s in each.finding.explains), each.finding.confidence)
