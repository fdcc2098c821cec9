"""What a matrix of who reaches whom says."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis.geometry import shapes

NODES = ["a", "b", "c", "d"]
EVERY = [(one, other) for one in NODES for other in NODES if one != other]


def told(*failing, nodes=NODES):
    """The forms and nodes of what fails."""
    every = [(one, other) for one in nodes for other in nodes]
    return [(shape.form, shape.nodes) for shape in shapes({pair: pair not in failing for pair in every})]


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ([], []),
        ([("b", other) for other in "acd"], [("source", ("b",))]),
        ([(other, "c") for other in "abd"], [("target", ("c",))]),
        ([pair for pair in EVERY if "d" in pair], [("node", ("d",))]),
        ([("a", "b")], [("direction", ("a", "b"))]),
        ([("b", "a")], [("direction", ("b", "a"))]),
        ([("c", "b"), ("b", "c")], [("path", ("b", "c"))]),
        (EVERY, [("overlay", ())]),
        ([("a", "a")], [("self", ("a",))]),
    ],
)
def test_each_form_is_told_from_the_others(failing, expected):
    assert told(*failing) == expected


def test_two_independent_faults_are_two_shapes():
    node = [pair for pair in EVERY if "d" in pair]
    assert told(*node, ("a", "b"), ("b", "a")) == [("node", ("d",)), ("path", ("a", "b"))]


def test_two_bad_nodes_are_two_bad_nodes():
    nodes = [*NODES, "e"]
    failing = [(one, other) for one in nodes for other in nodes if one != other and {one, other} & {"a", "e"}]
    assert sorted(told(*failing, nodes=nodes)) == [("node", ("a",)), ("node", ("e",))]


def test_of_two_nodes_neither_is_blamed_alone():
    assert told(("a", "b"), ("b", "a"), nodes=["a", "b"]) == [("path", ("a", "b"))]


SIX = ["a", "b", "c", "d", "e", "f"]


def across(*groups):
    """The pairs between nodes of different groups."""
    return [
        (one, other)
        for mine in groups
        for theirs in groups
        if mine is not theirs
        for one in mine
        for other in theirs
    ]


@pytest.mark.parametrize(
    ("groups", "blamed"),
    [(("ab", "cdef"), "ab"), (("abc", "def"), "abcdef"), (("ad", "be", "cf"), "abcdef")],
)
def test_groups_of_nodes_that_are_apart_are_one_shape(groups, blamed):
    [shape] = shapes({pair: pair not in across(*groups) for pair in across(*SIX)})
    assert (shape.form, shape.nodes) == ("partition", tuple(blamed))
    assert shape.groups == tuple(map(tuple, groups))
    assert shape.pairs == set(across(*groups))


def test_what_is_broken_beside_a_partition_stays_its_own():
    apart, path = across("ab", "cdef"), [("c", "d"), ("d", "c")]
    assert told(*apart, *path, nodes=SIX) == [("partition", ("a", "b")), ("path", ("c", "d"))]
    down = across("f", "abcde")
    assert told(*across("ab", "cde"), *down, nodes=SIX) == [("partition", ("a", "b")), ("node", ("f",))]


def test_one_pair_that_works_across_makes_it_no_partition():
    forms = {form for form, _ in told(*set(across("abc", "def")) - {("a", "d")}, nodes=SIX)}
    assert forms == {"path", "direction"}


@pytest.mark.parametrize("size", [50, 500])
def test_a_partition_is_seen_in_a_sample(size):
    nodes = range(2 * size)
    pairs = [(n, (n + step) % (2 * size)) for n in nodes for step in (1, 7, 19, 23, 31, 38)]
    reached = {(f"n{one:04}", f"n{other:04}"): (one < size) == (other < size) for one, other in pairs}
    began = time.process_time()
    [shape] = shapes(reached)
    assert time.process_time() - began < 1
    assert (shape.form, [len(group) for group in shape.groups]) == ("partition", [size, size])
    assert shape.pairs == {pair for pair, ok in reached.items() if not ok}


@given(st.sets(st.sampled_from(EVERY)))
def test_shapes_cover_what_fails_and_nothing_that_works(failing):
    found = shapes({pair: pair not in failing for pair in EVERY})
    assert {pair for shape in found for pair in shape.pairs} == failing


def test_a_thousand_nodes_of_which_many_fail_are_told_in_good_time():
    """Growing with nodes times pairs times shapes, this took minutes."""
    nodes = range(1000)
    asked = {
        (f"n{n:03}", f"n{(n + 37 * step) % 1000:03}"): n % 3 > 0 or step == 1
        for n in nodes
        for step in range(1, 9)
    }
    began = time.process_time()
    found = shapes(asked)
    assert time.process_time() - began < 5
    assert len(found) > 1000
