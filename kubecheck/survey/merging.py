"""The records of a run's shards, joined into the one that a whole run would have written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubecheck.cluster.reading import UNREAD, Reading
from kubecheck.fleet.standing import Standing
from kubecheck.shard import WHOLE
from kubecheck.survey.record import Record, RecordProblem

ASKED_THERE = ("pod", "node", "kubectl")
"""The kinds of vantage at a node that somebody has to be asked at."""


def merged(records: Sequence[Record]) -> Record:
    """One record of all ``records``. What a shard that is missing was to ask could not be told.

    Facts are those that the first of them read. Raises RecordProblem for records that are not of one run.
    """
    first, *others = sorted(records, key=lambda record: record.shard.number)
    for other in others:
        _must_fit(first, other)
    found = {record.shard.number for record in records}
    missing = {
        number: f"there is no record of shard {number}/{first.shard.of}, which was to ask"
        for number in range(1, first.shard.of + 1)
        if number not in found
    }
    troubles = {vantage: why for record in records for vantage, why in record.troubles.items()}
    for place, node in enumerate(first.facts.nodes):
        if why := missing.get(place % first.shard.of + 1):
            troubles |= {f"{kind}:{node.name}": why for kind in ASKED_THERE}
    return replace(
        first,
        started=min(record.started for record in records),
        standing=_standing(records, missing.get(1, "")),
        fleet_problem=next((record.fleet_problem for record in records if record.fleet_problem), ""),
        answers={vantage: raws for record in records for vantage, raws in record.answers.items()},
        troubles=troubles,
        shard=WHOLE,
    )


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
    """The fleet, which all of them saw, with the rehearsal of the first shard, or why there is none."""
    standings = [record.standing for record in records if record.standing]
    if not standings:
        return None
    rehearsal = next((each.rehearsal for each in standings if each.rehearsal != UNREAD), UNREAD)
    if unrehearsed and rehearsal == UNREAD:
        rehearsal = Reading(problem=unrehearsed)
    return replace(max(standings, key=lambda each: len(each.probes)), rehearsal=rehearsal)
