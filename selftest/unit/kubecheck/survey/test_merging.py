"""Shards of a run, joined: what a whole run would have recorded, and what is missing."""

from dataclasses import replace

import pytest

from kubecheck.checks import Policy
from kubecheck.cluster.reading import UNREAD, Reading
from kubecheck.probes import Raw
from kubecheck.shard import WHOLE, Shard
from kubecheck.survey import Record, RecordProblem
from kubecheck.survey.merging import merged

FINE = Raw(0, b"", 0.01)
REHEARSED = Reading(problem="refused")


@pytest.fixture
def shards(facts, standing):
    """The records of two shards: node1 is the first one's, node2 the second one's."""

    def shard(number, started, node, rehearsal):
        return Record(
            run="r1",
            started=f"2026-01-01T00:00:0{started}+00:00",
            policy=Policy(),
            facts=facts,
            standing=replace(standing, rehearsal=rehearsal),
            answers={f"pod:{node}": {f"question of {node}": FINE}},
            troubles={f"node:{node}": f"exec into {node} was refused"},
            shard=Shard(number, 2),
        )

    return [shard(1, 5, "node1", REHEARSED), shard(2, 3, "node2", UNREAD)]


def test_joined_in_any_order_it_is_one_run(shards):
    for given in (shards, shards[::-1]):
        found = merged(given)
        assert (found.run, found.started, found.shard) == ("r1", "2026-01-01T00:00:03+00:00", WHOLE)
        assert found.answers == {
            "pod:node1": {"question of node1": FINE},
            "pod:node2": {"question of node2": FINE},
        }
        assert found.troubles == {
            "node:node1": "exec into node1 was refused",
            "node:node2": "exec into node2 was refused",
        }
        assert found.standing.rehearsal == REHEARSED


def test_what_a_missing_shard_was_to_ask_could_not_be_told(shards):
    first, second = shards
    why = "there is no record of shard {}/2, which was to ask"
    assert merged([first]).troubles == {
        "node:node1": "exec into node1 was refused",
        **{f"{kind}:node2": why.format(2) for kind in ("pod", "node", "kubectl")},
    }
    alone = merged([second])
    assert alone.troubles["kubectl:node1"] == why.format(1)
    assert alone.standing.rehearsal == Reading(problem=why.format(1))


def test_a_shard_without_a_fleet_takes_it_from_another(shards):
    first, second = shards
    bare = replace(first, standing=None, fleet_problem="Namespace x was refused")
    found = merged([bare, second])
    assert found.standing.probes == second.standing.probes
    assert found.fleet_problem == "Namespace x was refused"
    assert found.troubles["pod:node1"] == "Namespace x was refused"
    assert "pod:node2" not in found.troubles
    assert merged([bare]).standing is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": "r2"}, "shard 1/2 of run r1 and shard 2/2 of run r2 are not of one run"),
        ({"shard": Shard(2, 3)}, "are not of one run"),
        ({"shard": Shard(1, 2)}, "two records are of shard 1/2 of run r1"),
        ({"no_probes": True}, "had different promises or options"),
        ({"policy": Policy.model_validate({"images": {"busybox": "other"}})}, "had different promises"),
    ],
)
def test_what_does_not_fit_is_refused(shards, change, said):
    first, second = shards
    with pytest.raises(RecordProblem, match=said):
        merged([first, replace(second, **change)])


def test_shards_must_have_seen_the_same_nodes(shards, facts):
    first, second = shards
    fewer = replace(facts, nodes=facts.nodes[:1])
    with pytest.raises(RecordProblem, match="saw different nodes: run all shards at the same time"):
        merged([first, replace(second, facts=fewer)])
