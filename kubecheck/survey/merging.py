"""The records of a run's shards, joined into the one that a whole run would have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from kubecheck.checks.vantage import ASKED_AT_NODES
from kubecheck.cluster.reading import UNREAD, Reading
from kubecheck.fleet.manifests import PROBE
from kubecheck.fleet.standing import Standing
from kubecheck.shard import WHOLE, Shard
from kubecheck.survey.record import Record, RecordProblem


def merged(records: Sequence[Record]) -> Record:
    """One record of all ``records``. What a shard that is missing, or had no fleet, was to ask is not known.

    Neither is what one has asked that had a fleet of its own, because the others had ended: its answers are
    of other pods and Services.

    Facts are those that the first of them read. Raises RecordProblem for records that are not of one run.
    """
    first, *others = sorted(records, key=lambda record: record.shard.number)
    for other in others:
        _must_fit(first, other)
    troubles = {vantage: why for record in records for vantage, why in record.troubles.items()}
    untold = _untold(records, first.shard.of)
    for shard, why in untold.items():
        for place, node in enumerate(first.facts.nodes):
            if shard.holds(place):
                troubles |= {f"{kind}:{node.name}": why for kind in ASKED_AT_NODES}
    return replace(
        first,
        started=min(record.started for record in records),
        standing=_standing(records, untold.get(Shard(1, first.shard.of), "")),
        fleet_problem=next((record.fleet_problem for record in records if record.fleet_problem), ""),
        answers={vantage: raws for record in records for vantage, raws in record.answers.items()},
        troubles=troubles,
        shard=WHOLE,
    )


def _untold(records: Sequence[Record], of: int) -> dict[Shard, str]:
    """The shards that have asked nothing of the fleet, and why."""
    found = {record.shard: record for record in records}
    most = _fleet(records)
    untold = {}
    for shard in (Shard(number, of) for number in range(1, of + 1)):
        if shard not in found:
            untold[shard] = f"there is no record of shard {shard}, which was to ask"
        elif (standing := found[shard].standing) is None:
            if found[shard].fleet_problem:
                untold[shard] = found[shard].fleet_problem
        elif _address(standing) != most:
            untold[shard] = f"shard {shard} had other probe pods than the others: run all at the same time"
    return untold


def _fleet(records: Sequence[Record]) -> str:
    """The address of the fleet that most of them saw; empty where none saw one."""
    seen = Counter(_address(record.standing) for record in records if record.standing)
    return seen.most_common(1)[0][0] if seen else ""


def _address(fleet: Standing) -> str:
    """The ClusterIP of its probe pods: that of another fleet is another one."""
    return fleet.services.get(f"{fleet.namespace}/{PROBE}", "")


def _must_fit(first: Record, other: Record) -> None:
    """Raise RecordProblem unless both are shards of one run."""
    one, two = (f"shard {record.shard} of run {record.run}" for record in (first, other))
    if (first.run, first.shard.of) != (other.run, other.shard.of):
        raise RecordProblem(f"{one} and {two} are not of one run: name the records of one")
    if first.shard == other.shard:
        raise RecordProblem(f"two records are of {one}: name each shard's record once")
    if [node.name for node in first.facts.nodes] != [node.name for node in other.facts.nodes]:
        raise RecordProblem(f"{one} and {two} saw different nodes: run all shards at the same time")
    if first.policy != other.policy or first.no_probes != other.no_probes:
        raise RecordProblem(f"{one} and {two} had different promises or options: give all shards the same")


def _standing(records: Sequence[Record], unrehearsed: str) -> Standing | None:
    """The fleet, which most of them saw, with the rehearsal of the first shard, or why there is none."""
    standings = [record.standing for record in records if record.standing]
    if not standings:
        return None
    rehearsal = next((each.rehearsal for each in standings if each.rehearsal != UNREAD), UNREAD)
    most = _fleet(records)
    if unrehearsed and rehearsal == UNREAD:
        rehearsal = Reading(problem=unrehearsed)
    shared = (each for each in standings if _address(each) == most)
    return replace(max(shared, key=lambda each: len(each.probes)), rehearsal=rehearsal)
