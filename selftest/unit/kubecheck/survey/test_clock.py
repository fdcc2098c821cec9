import time

import pytest

from kubecheck.survey import clock
from kubecheck.survey.clock import Clock


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(clock, "TICK", 0.02)


def test_a_process_that_has_time_is_not_late(quick):
    begun = time.monotonic()
    with Clock() as ticking:
        time.sleep(0.2)
        assert ticking.late(begun) < 5
        assert ticking.late(time.monotonic()) == 0.0


def test_ticks_that_came_late_are_known_from_then_on(quick, monkeypatch):
    ticking = Clock()
    times = iter([10.0, 10.02, 13.02, 13.04])
    stops = iter([False, False, False, True])
    monkeypatch.setattr(clock.time, "monotonic", lambda: next(times))

    class Stop:
        def wait(self, _seconds):
            return next(stops)

    ticking._tick(Stop())
    assert ticking.late(10.0) == pytest.approx(2.98)
    assert ticking.late(13.03) == pytest.approx(0.0)


def test_it_ticks_as_long_as_anybody_uses_it(quick):
    ticking = Clock()
    with ticking:
        with ticking:
            pass
        begun = time.monotonic()
        time.sleep(0.2)
        assert any(came >= begun for came, _ in ticking._ticks)
    time.sleep(0.1)
    ended = len(ticking._ticks)
    time.sleep(0.2)
    assert len(ticking._ticks) == ended
