"""Options whose values are more than words."""

import argparse
import time

import pytest

from kubecheck.cluster.deadline import Deadline
from kubecheck.options import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("45", 45), ("1m5s", 65)],
)
def test_a_time_is_written_as_for_kubectl(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", "0s", "-5", "5 m", "1.5h", "10x", "m", "5s1m"])
def test_what_is_no_time_is_told(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: write 90s, 10m or 1h30m"):
        duration(text)


def test_a_deadline_comes_and_no_deadline_never_does():
    never, soon = Deadline(), Deadline(0.05)
    assert (never.left, never.over, never.within(7)) == (None, False, 7)
    assert 0 < soon.within(7) <= 0.05
    time.sleep(0.06)
    assert (soon.left, soon.over) == (0.0, True)
    assert 0 < soon.within(7) < 0.01
