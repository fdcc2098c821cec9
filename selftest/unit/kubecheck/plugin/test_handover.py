"""What workers of pytest-xdist get from the process that steers them, once it is there."""

import socket
import threading
from contextlib import closing
from dataclasses import replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

from kubecheck.cluster.reading import Reading
from kubecheck.cluster.sound import FACTS
from kubecheck.outcomes import CannotTell
from kubecheck.plugin import workers
from kubecheck.plugin.workers import Handover
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
    yield {"address": list(handover.address), "key": handover.key.hex()}
    steering.come.set()
    handover.close()


def _receiver(given, what, kind, seconds=10.0):
    return workers._receiver(given, what, kind, lambda: seconds)


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


def test_whoever_comes_and_goes_without_a_word_keeps_nothing_from_a_worker(steering, given):
    address = tuple(given["address"])
    for _ in range(3):
        socket.create_connection(address).close()
    with socket.create_connection(address) as reset:
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with pytest.raises(AuthenticationError):
        Client(address, authkey=b"another's")
    with Client(address, authkey=bytes.fromhex(given["key"])) as knows_the_key_and_asks_for_nothing:
        knows_the_key_and_asks_for_nothing.send_bytes(b"what is there?")
    with closing(socket.create_connection(address)):  # and says nothing while the worker asks
        assert _receiver(given, "standing", STANDING)() == steering.fleet


def test_one_that_steers_and_does_not_answer_is_not_waited_for_without_end(given):
    receive = _receiver(given, "measured", FACTS, seconds=0.2)
    for _ in range(2):
        with pytest.raises(CannotTell, match=r"has not answered in 0\.2 s"):
            receive()


def test_after_its_end_nobody_is_served(steering):
    handover = Handover.open(steering)
    handover.close()
    given = {"address": list(handover.address), "key": handover.key.hex()}
    with pytest.raises(CannotTell, match="is gone"):
        _receiver(given, "standing", STANDING)()
    assert steering.asked == []
