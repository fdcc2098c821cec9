import os
import time

import pytest

from kubecheck.report import progress as module
from kubecheck.report.progress import CLEAR, RESTORE, SAVE, Progress, Wait


@pytest.fixture
def shown(tmp_path):
    """Makes a progress, and reads what it has written."""
    path = tmp_path / "out"
    made = []

    def make(**how):
        made.append(Progress(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND), **how))
        return made[-1], path.read_text

    yield make
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """No test waits for seconds."""
    for name, seconds in (("TICK", 0.01), ("SHORT", 0.05), ("FIRST", 0.1), ("AGAIN", 0.2)):
        monkeypatch.setattr(module, name, seconds)


def until(holds):
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends, "nothing came"
        time.sleep(0.01)


def test_a_terminal_gets_a_line_that_leaves_the_cursor_where_it_is(shown):
    progress, text = shown(live=True)
    with progress.waiting(lambda: Wait("waiting for probe pods", "3 of 10 ready"), line="tests/x.py ..."):
        until(text)
    written = text()
    assert written.startswith(f"{SAVE}⠋ waiting for probe pods: 3 of 10 ready, 0 s{CLEAR}{RESTORE}") or (
        "waiting for probe pods: 3 of 10 ready" in written
    )
    assert written.endswith(CLEAR)
    assert "\n" not in written
    assert written.count(SAVE) == written.count(RESTORE)


def test_a_short_wait_is_not_told(shown):
    progress, text = shown(live=True)
    for _ in range(100):
        with progress.waiting(lambda: Wait("x")):
            pass
    assert text() == ""


def test_nothing_is_written_once_the_wait_is_over(shown):
    progress, text = shown(live=True)
    with progress.waiting(lambda: Wait("x")):
        until(text)
    written = text()
    time.sleep(0.1)
    assert text() == written


@pytest.mark.parametrize(("column", "expected"), [(40, "pods 3/10"), (66, "0 s"), (75, "")])
def test_a_narrow_place_gets_fewer_words(shown, column, expected):
    progress, text = shown(live=True)
    wait = Wait("waiting for a great many probe pods", "3 of 10 ready", "pods 3/10" if column < 60 else "")
    with progress.waiting(lambda: wait, line="x" * column, width=80):
        until(text) if expected else time.sleep(0.1)
    assert expected in text()
    assert all(len(part) < 80 - column + 10 for part in text().split(SAVE))


def test_a_file_gets_a_plain_line_now_and_then(shown):
    progress, text = shown(live=False)
    with progress.waiting(lambda: Wait("waiting for probe pods", "3 of 10 ready"), line="tests/x.py .."):
        until(lambda: text().count("ready") == 2)
    lines = text().splitlines()
    assert lines[0] == ""  # the line of somebody else ends
    assert set(lines[1:-1]) == {"kubecheck: waiting for probe pods: 3 of 10 ready (0 s)"}
    assert text().endswith("\ntests/x.py ..")  # and goes on where it was
    assert "\x1b" not in text()


def test_a_phase_goes_on_over_several_waits(shown):
    progress, text = shown(live=False)
    ends = time.monotonic() + 10
    while not text():
        assert time.monotonic() < ends
        with progress.waiting(lambda: Wait("asking")):
            time.sleep(0.08)
    assert "kubecheck: asking" in text()


def test_names_of_the_cluster_do_not_steer_the_terminal(shown):
    progress, text = shown(live=True)
    with progress.waiting(lambda: Wait("x\x1b[2J", "\r\n")):
        until(text)
    assert "\x1b[2J" not in text()
    assert "\r" not in text()


def test_a_terminal_that_is_gone_stops_nothing():
    read, write = os.pipe()
    os.close(read)
    progress = Progress(write, live=True)
    with progress.waiting(lambda: Wait("x")):
        until(progress._closed.is_set)
    progress.close()
