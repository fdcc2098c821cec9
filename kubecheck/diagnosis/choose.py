"""The smallest set of causes that explains what went wrong, and what none of them explains."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubecheck.diagnosis.cause import Cause, Confidence, Kind
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.unite import united


@dataclass(frozen=True)
class Diagnosis:
    """The causes, the one that explains most first, and the failures that none of them explains.

    ``defects`` names the kinds of cause that could not be looked for, because of a mistake in kubecheck.
    Where causes were not ``looked_for``, all failures are unexplained.
    """

    causes: tuple[Cause, ...] = ()
    unexplained: tuple[Symptom, ...] = ()
    defects: tuple[str, ...] = ()
    looked_for: bool = True


def diagnose(evidence: Evidence, kinds: Iterable[Kind]) -> Diagnosis:
    """Look for every kind of cause, and choose as few as explain all that can be explained.

    What is the same at several nodes is chosen node by node, and told as one.

    What could not be told calls for no likely cause, unless nothing has failed: then it is all that there is
    to explain. It does call for a certain one, however little else has failed: a rule that keeps every probe
    pod out must not hide behind one failure that has nothing to do with it.
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
    failed = {symptom for symptom in evidence.symptoms if symptom.failed}
    known = {
        s for each in found if each.finding.confidence is Confidence.CERTAIN for s in each.finding.explains
    }
    matter = frozenset(failed | known if failed else evidence.symptoms)
    chosen = united(smallest(found, matter))
    chosen.sort(key=lambda each: _weight(each, matter), reverse=True)
    explained = {symptom for each in chosen for symptom in each.finding.explains}
    left = tuple(s for s in evidence.symptoms if s.failed and s not in explained)
    return Diagnosis(tuple(chosen), left, tuple(defects))


def smallest(found: Sequence[Cause], matter: frozenset[Symptom]) -> tuple[Cause, ...]:
    """Choose causes until no more of what matters is explained: the surest, then the one that explains most.

    A likely cause is not called for by what a certain one explains already. Greedy, which is never far from
    the smallest set: https://en.wikipedia.org/wiki/Set_cover_problem#Greedy_algorithm
    """
    explains = {id(each): each.finding.explains & matter for each in found}
    left = {id(each): set(explains[id(each)]) for each in found}
    explaining: dict[Symptom, list[Cause]] = defaultdict(list)
    for each in found:
        for symptom in explains[id(each)]:
            explaining[symptom].append(each)

    def gain(each: Cause) -> tuple[int, int]:
        more = len(left[id(each)])
        return (each.finding.confidence if more else 0, more)

    chosen: list[Cause] = []
    while (best := max(found, key=gain, default=None)) and left[id(best)]:
        chosen.append(best)
        for symptom in tuple(left[id(best)]):
            for other in explaining[symptom]:
                left[id(other)].discard(symptom)
    # Leave out what the others explain together, the least sure and smallest first.
    times = Counter(symptom for each in chosen for symptom in explains[id(each)])
    needed: list[Cause] = []
    for each in sorted(chosen, key=lambda each: _weight(each, matter)):
        if all(times[symptom] > 1 for symptom in explains[id(each)]):
            times.subtract(explains[id(each)])
        else:
            needed.append(each)
    return tuple(needed)


def _weight(each: Cause, matter: frozenset[Symptom]) -> tuple[int, int]:
    """How much of what matters it explains; of equals the surer one is heavier."""
    return (len(each.finding.explains & matter), each.finding.confidence)
