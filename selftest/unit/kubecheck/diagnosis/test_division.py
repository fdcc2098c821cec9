"""Groups of nodes that are apart, seen in who reaches whom: of all pairs, and of a sample."""

import random
import time
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis.division import divided
from kubecheck.diagnosis.geometry import shapes


def all_pairs(names):
    return [(one, other) for one in names for other in names]


@pytest.fixture
def asked(site_at):
    """The pairs that a run asks of the nodes with these names: all, or a sample of them."""

    def make(names, run="r1"):
        return [(one, other) for one in names for other in site_at(names, one, run=run).nodes_to_ask()]

    return make


def parted(*sizes, mixed=0):
    """Nodes in groups of these sizes, in the order of their names or in any."""
    names = [f"n{number:03}" for number in range(sum(sizes))]
    left = random.Random(mixed).sample(names, len(names)) if mixed else names
    groups = []
    for size in sizes:
        groups.append(tuple(sorted(left[:size])))
        left = left[size:]
    return names, groups


def reached(pairs, *cut):
    """Who reaches whom, where each group in ``cut`` has lost the one beside it, in this direction."""
    lost = [(set(one), set(other)) for one, other in cut]
    return {pair: not any(pair[0] in one and pair[1] in other for one, other in lost) for pair in pairs}


def both_ways(*groups):
    return [each for one, other in combinations(groups, 2) for each in ((one, other), (other, one))]


def told(across):
    """The forms, and the sizes of the groups that there are."""
    return [(shape.form, *sorted(len(group) for group in shape.groups)) for shape in shapes(across)]


@pytest.mark.parametrize("sizes", [(3, 2), (2, 2), (2, 3, 2), (4, 2, 2, 2), (12, 8), (18, 2)])
@pytest.mark.parametrize("mixed", range(4))
def test_groups_that_are_apart_are_one_shape(sizes, mixed):
    names, groups = parted(*sizes, mixed=mixed)
    across = reached(all_pairs(names), *both_ways(*groups))
    [shape] = shapes(across)
    assert (shape.form, set(shape.groups)) == ("partition", set(groups))
    assert shape.pairs == {pair for pair, ok in across.items() if not ok}


def test_the_largest_group_is_not_to_blame_and_of_equals_neither_is_better():
    names, (_, small) = parted(3, 2)
    [shape] = shapes(reached(all_pairs(names), *both_ways(names[:3], small)))
    assert shape.nodes == small
    names, groups = parted(2, 2)
    [shape] = shapes(reached(all_pairs(names), *both_ways(*groups)))
    assert shape.nodes == tuple(names)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("sizes", [(3, 2), (2, 2), (15, 4)])
def test_one_way_tells_the_one_that_does_not_reach_first(sizes, turned):
    names, groups = parted(*sizes)
    source, target = groups[::-1] if turned else groups
    [shape] = shapes(reached(all_pairs(names), (source, target)))
    assert (shape.form, shape.groups) == ("one-way", (source, target))


@pytest.mark.parametrize("directions", [1, 2])
def test_others_may_stand_between_and_reach_both(directions):
    names, (one, other, between) = parted(3, 2, 4)
    across = reached(all_pairs(names), *both_ways(one, other)[:directions])
    assert set(divided(across).groups) == {one, other}
    across |= dict.fromkeys([(between[0], between[1]), (between[1], between[0])], False)
    across |= dict.fromkeys([(between[2], one[0]), (one[0], between[2])], False)
    assert told(across) == [
        ("partition" if directions == 2 else "one-way", 2, 3),
        *[("path",), ("path",)],
    ]


@pytest.mark.parametrize("mixed", [0, 1])
@pytest.mark.parametrize("sizes", [(50, 50), (33, 33, 34), (80, 20), (500, 500)])
@pytest.mark.parametrize("run", ["r1", "r2"])
def test_a_sample_of_the_pairs_is_enough(asked, sizes, mixed, run):
    names, groups = parted(*sizes, mixed=mixed)
    across = reached(asked(names, run), *both_ways(*groups))
    began = time.process_time()
    [shape] = shapes(across)
    assert time.process_time() - began < 0.5
    assert (shape.form, set(shape.groups)) == ("partition", set(groups))


@pytest.mark.parametrize("run", ["r1", "r2", "r3"])
def test_three_machines_of_one_rack_among_a_hundred(asked, run):
    names, groups = parted(97, 3)
    across = reached(asked(names, run), *both_ways(*groups))
    assert told(across) == [("partition", 3, 97)]


@pytest.mark.parametrize("run", ["r1", "r2", "r3"])
@pytest.mark.parametrize("sizes", [(50, 50), (97, 3), (3, 97), (500, 500)])
def test_one_way_in_a_sample(asked, run, sizes):
    names, (source, target) = parted(*sizes)
    across = reached(asked(names, run), (source, target))
    [shape] = shapes(across)
    assert (shape.form, shape.groups) == ("one-way", (source, target))


def alone(*nodes, names):
    return both_ways(*[(node,) for node in nodes], [name for name in names if name not in nodes])


NAMES = [f"n{number}" for number in range(6)]


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (alone("n2", names=NAMES), [("node",)]),
        (alone("n2", "n4", names=NAMES), [("node",), ("node",)]),
        ([(["n1", "n3"], NAMES)], [("source",), ("source",)]),
        ([(NAMES, ["n1", "n3"])], [("target",), ("target",)]),
        (both_ways(["n0"], ["n5"]), [("path",)]),
        (both_ways(["n0"], ["n4", "n5"]), [("path",), ("path",)]),
        (both_ways(["n0"], ["n4", "n5"]) + both_ways(["n1"], ["n4"]), [("path",)] * 3),
        ([(NAMES, NAMES)], [("overlay",)]),
    ],
)
def test_what_looks_like_groups_and_is_none(cut, expected):
    across = reached([pair for pair in all_pairs(NAMES) if pair[0] != pair[1]], *cut)
    assert told(across) == expected


@pytest.mark.parametrize("number", [100, 300])
def test_single_nodes_of_a_sample_are_no_group(asked, number):
    names, _ = parted(number)
    across = reached(asked(names), *alone(names[3], names[40], names[77], names=names))
    assert told(across) == [("node",)] * 3


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("number", [12, 20, 50, 200])
def test_chance_makes_no_groups(asked, number, share):
    names, _ = parted(number)
    pairs = [pair for pair in asked(names) if pair[0] != pair[1]]
    for seed in range(10):
        chance = random.Random(f"{seed} {share}")
        assert divided({pair: chance.random() >= share for pair in pairs}) is None


def test_few_pairs_that_are_known_tell_nothing():
    names, (one, other) = parted(3, 3)
    every = reached(all_pairs(names), *both_ways(one, other))
    inside = {pair: ok for pair, ok in every.items() if ok}
    few = {(one[0], other[0]): False, (other[1], one[1]): False, (one[2], other[2]): False}
    assert divided(inside | few) is None


@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (50, 50)])
def test_what_fails_besides_is_told_besides(asked, sizes):
    names, groups = parted(*sizes)
    one, other = groups[0][:2]
    across = reached(asked(names), *both_ways(*groups), *both_ways([one], [other]))
    [first, *more] = told(across)
    assert first == ("partition", *sorted(sizes))
    assert more == [("path",) if len(names) < 20 else ("direction",)]  # a sample asks one of the two
    dead = groups[0][1]
    across = reached(asked(names), *both_ways(*groups), *alone(dead, names=names))
    assert told(across) == [("partition", *sorted((sizes[0] - 1, sizes[1]))), ("node",)]


@given(st.lists(st.integers(2, 5), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_any_groups_are_found_whatever_their_names(sizes, chance):
    names, groups = parted(*sizes, mixed=chance.randint(1, 10**6))
    across = reached(all_pairs(names), *both_ways(*groups))
    found = divided({pair: ok for pair, ok in across.items() if pair[0] != pair[1]})
    assert found
    assert set(found.groups) == set(groups)


@given(st.sets(st.sampled_from([pair for pair in all_pairs(NAMES) if pair[0] != pair[1]])))
def test_what_is_told_holds(failing):
    across = {pair: pair not in failing for pair in all_pairs(NAMES) if pair[0] != pair[1]}
    found = divided(across)
    if found is None:
        return
    assert all(len(group) > 1 for group in found.groups)
    assert found.pairs <= failing
    ordered = combinations(found.groups, 2)
    between = [[(a, b) for a in one for b in other] for one, other in ordered]
    if not found.one_way:
        between += [[pair[::-1] for pair in pairs] for pairs in between]
    assert found.pairs == {pair for pairs in between for pair in pairs}
