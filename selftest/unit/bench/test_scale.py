"""Which clusters are measured, and in how many processes."""

import argparse

import pytest

from bench.scale import sizes


def test_a_size_is_nodes_and_processes():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=sizes, nargs="+")
    given = parser.parse_args(["--sizes", "100:1,2,4", "1000"])
    assert given.sizes == [(100, [1, 2, 4]), (1000, [1])]


@pytest.mark.parametrize("text", ["", "many", "100:", "100:two", "1:2:3"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="invalid literal"):
        sizes(text)
