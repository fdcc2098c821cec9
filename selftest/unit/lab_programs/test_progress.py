import time
from io import StringIO

import pytest

from lab import progress
from lab.progress import Progress


class Terminal(StringIO):
    def isatty(self):
        return True


def test_a_short_step_is_one_line():
    out = StringIO()
    with Progress(out).step("building etcd"):
        pass
    assert out.getvalue() == "building etcd ... 0.0 s\n"


def test_a_long_step_says_that_it_still_runs(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_FIRST", 0.01)
    monkeypatch.setattr(progress, "PLAIN_PERIOD", 0.05)
    out = StringIO()
    deadline = time.monotonic() + 10
    with Progress(out).step("building etcd"):
        while "still running" not in out.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["building etcd ...", "building etcd ... still running after 0 s"]


def test_a_failed_step_says_so_and_lets_the_error_through():
    out = StringIO()
    with pytest.raises(ValueError, match="no"), Progress(out).step("building etcd"):
        raise ValueError("no")
    assert out.getvalue() == "building etcd failed after 0.0 s\n"


def test_a_terminal_shows_the_seconds_in_place_and_ends_with_plain_lines(monkeypatch):
    monkeypatch.setattr(progress, "TERMINAL_PERIOD", 0.01)
    monkeypatch.setenv("COLUMNS", "30")
    out = Terminal()
    steps = Progress(out)
    deadline = time.monotonic() + 10
    with steps.step("building etcd"), steps.step("making an image with a long name"):
        while "making" not in out.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        steps.say("a line of its own")
    drawn = out.getvalue().split("\r\x1b[K")
    assert "building etcd ... 0 s, making" in drawn  # cut to the terminal's width
    assert "a line of its own\n" in drawn
    assert drawn[-1] == "building etcd ... 0.0 s\n" or drawn[-1].startswith("building etcd ... 0.")
