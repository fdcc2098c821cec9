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
