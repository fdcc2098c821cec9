"""What workers of pytest-xdist get from the process that steers them, once it is there."""

import threading
from dataclasses import replace

import pytest

from kubecheck.cluster.reading import Reading
from kubecheck.cluster.sound import FACTS
from kubecheck.outcomes import CannotTell
from kubecheck.plugin.workers import Handover, _receiver
from kubecheck.survey.record import STANDING
from selftest.unit.kubecheck.conftest import make_standing


class Steering:
    """A run whose fleet stands, or does not, and whose rows come when they are let."""

    def __init__(self, facts):
        self.facts = facts
        self.fleet = make_standing(("node1",))
        self.come = threading.Event()
        self.asked = []

    def standing(self):
        self.asked.append("standing")
        if self.fleet is None:
            raise CannotTell("the namespaces were refused")
        return self.fleet

    def measured(self):
        self.asked.append("measured")
        self.come.wait(10)
        return replace(self.facts, node_usage=Reading({}))


@pytest.fixture
def steering(facts):
    return Steering(facts)


@pytest.fixture
def given(steering):
    """How a worker reaches the run."""
    handover = Handover.open(steering)
    yield {"address": list(handover.listener.address), "key": handover.key.hex()}
    steering.come.set()
    handover.close()


def test_the_fleet_is_given_once_and_while_rows_are_still_waited_for(steering, given):
    rows = []
    measured = _receiver(given, "measured", FACTS)
    waiting = threading.Thread(target=lambda: rows.append(measured().node_usage.found))
    waiting.start()
    standing = _receiver(given, "standing", STANDING)
    assert standing() == standing() == steering.fleet
    assert rows == []
    steering.come.set()
    waiting.join(10)
    assert rows == [{}]
    assert sorted(steering.asked) == ["measured", "standing"]


def test_why_there_is_no_fleet_is_told(steering, given):
    steering.fleet = None
    with pytest.raises(CannotTell, match="the namespaces were refused"):
        _receiver(given, "standing", STANDING)()


def test_nobody_who_steers_is_no_traceback(given):
    receive = _receiver({**given, "address": ["127.0.0.1", 1]}, "standing", STANDING)
    for _ in range(2):
        with pytest.raises(CannotTell, match="is gone"):
            receive()
