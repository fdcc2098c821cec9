"""The smallest set of causes that explains what went wrong, and what none of them explains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubecheck.diagnosis.cause import Cause, Kind
from kubecheck.diagnosis.evidence import Evidence, Symptom


@dataclass(frozen=True)
class Diagnosis:
    """The causes, the one that explains most first, and the failures that none of them explains.

    ``defects`` names the kinds of cause that could not be looked for, because of a mistake in kubecheck.
    """

    causes: tuple[Cause, ...] = ()
    unexplained: tuple[Symptom, ...] = ()
    defects: tuple[str, ...] = ()


def diagnose(evidence: Evidence, kinds: Iterable[Kind]) -> Diagnosis:
    """Look for every kind of cause, and choose as few as explain all that can be explained.

    What could not be told is explained where a cause does so, but calls for none by itself, unless nothing
    has failed: then it is all that there is to explain.
    """
    if not evidence.symptoms:
        return Diagnosis()
    found: list[Cause] = []
    defects: list[str] = []
    for kind in kinds:
        try:
            found += [Cause(kind, finding) for finding in kind.find(evidence)]
        except Exception as mistake:  # noqa: BLE001 - it must not cost the verdict, nor the other causes
            defects.append(f"{kind.id}: {mistake!r}")
    failed = frozenset(symptom for symptom in evidence.symptoms if symptom.failed)
    chosen = smallest(found, failed or frozenset(evidence.symptoms))
    explained = {symptom for each in chosen for symptom in each.finding.explains}
    left = tuple(s for s in evidence.symptoms if s.failed and s not in explained)
    return Diagnosis(chosen, left, tuple(defects))


def smallest(found: Sequence[Cause], matter: frozenset[Symptom]) -> tuple[Cause, ...]:
    """Choose causes until no more of what matters is explained: the surest, then the one that explains most.

    A likely cause is not called for by what a certain one explains already. Greedy, which is never far from
    the smallest set: https://en.wikipedia.org/wiki/Set_cover_problem#Greedy_algorithm
    """
    explains = {id(each): each.finding.explains & matter for each in found}
    chosen: list[Cause] = []
    explained: set[Symptom] = set()

    def gain(each: Cause) -> tuple[int, int]:
        more = len(explains[id(each)] - explained)
        return (each.finding.confidence if more else 0, more)

    def weight(each: Cause) -> tuple[int, int]:
        return (len(explains[id(each)]), each.finding.confidence)

    while (best := max((c for c in found if c not in chosen), key=gain, default=None)) and gain(best)[1]:
        chosen.append(best)
        explained |= explains[id(best)]
    # Leave out what the others explain together, the least sure and smallest first.
    for each in sorted(chosen, key=weight):
        others = {s for other in chosen if other is not each for s in explains[id(other)]}
        if explains[id(each)] <= others:
            chosen.remove(each)
    return tuple(sorted(chosen, key=weight, reverse=True))
