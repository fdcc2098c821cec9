"""pytest-xdist: nodes are split over workers, with one fleet and one set of facts for all.

The user names no --dist: with -n alone, all items of one node go to one worker, so that each
vantage is asked by one exec, and each worker asks all of its nodes side by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import TypeAdapter
from xdist.scheduler import LoadScopeScheduling

from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.cluster.sound import FACTS
from kubecheck.outcomes import CannotTell
from kubecheck.plugin.allure import RESULTS
from kubecheck.plugin.begin import connected
from kubecheck.plugin.later import later
from kubecheck.plugin.run import RUN, Run, handed_over, is_controller, is_worker
from kubecheck.policy import Policy
from kubecheck.shard import WHOLE
from kubecheck.survey import load_record
from kubecheck.survey.record import STANDING, raws_from_json, raws_to_json

T = TypeVar("T")
HANDOVER = pytest.StashKey["Handover"]()
LATEST = 10.0  # seconds within which a controller answers whose own waiting has come to its end
PAUSE = 0.1  # seconds until it is tried again where nobody could be let in, for want of files for instance


@dataclass(frozen=True)
class Handover:
    """Hands to workers what is known later: each connects, says what it waits for, and gets it in time.

    It may wait for the standing fleet, and for the facts with what metrics-server has measured.
    """

    listener: Listener
    address: tuple[str, int]
    key: bytes
    closed: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, run: Run) -> Handover:
        """Begin to serve workers, until ``close``."""
        listener = Listener(("127.0.0.1", 0))
        handover = cls(listener, listener.address, secrets.token_bytes(16))
        threading.Thread(target=handover._serve, args=(run,), daemon=True, name="handover").start()
        return handover

    def close(self) -> None:
        """Serve no more workers."""
        self.closed.set()
        self.listener.close()

    def _serve(self, run: Run) -> None:
        while not self.closed.is_set():
            try:
                connection = self.listener.accept()
            except OSError:
                self.closed.wait(PAUSE)
                continue
            threading.Thread(target=self._hand_over, args=(connection, run), daemon=True).start()

    def _hand_over(self, connection: Any, run: Run) -> None:
        """Give one what it asks for. Whoever breaks off, or does not know the key, gets nothing."""
        with connection, contextlib.suppress(OSError, EOFError, AuthenticationError):
            if self.closed.is_set():
                return
            # Here, so that one that says nothing keeps no other waiting.
            deliver_challenge(connection, self.key)
            answer_challenge(connection, self.key)
            wanted = _GIVEN.get(connection.recv_bytes().decode(errors="replace"))
            if wanted is None:
                return
            try:
                body = {"given": wanted(run).decode()}
            except CannotTell as problem:
                body = {"problem": str(problem)}
            connection.send_bytes(json.dumps(body).encode())


_GIVEN: dict[str, Callable[[Run], bytes]] = {
    "standing": lambda run: STANDING.dump_json(run.standing()),
    "measured": lambda run: FACTS.dump_json(run.measured()),
}


def _receiver(
    given: dict[str, Any], what: str, kind: TypeAdapter[T], patience: Callable[[], float]
) -> Callable[[], T]:
    """What a worker calls for what it waits for. It asks the controller once, for ``patience()`` seconds."""
    received: list[T | CannotTell] = []

    def ask() -> dict[str, str]:
        with Client(tuple(given["address"]), authkey=bytes.fromhex(given["key"])) as connection:
            connection.send_bytes(what.encode())
            answer: dict[str, str] = json.loads(connection.recv_bytes())
            return answer

    def receive() -> T:
        if not received:
            seconds = patience()
            try:
                body = later("handover", ask).result(seconds)
            except TimeoutError:
                body = {"problem": f"the process that steers this one has not answered in {seconds:g} s"}
            except (OSError, EOFError, AuthenticationError):
                body = {"problem": "the process that steers this one is gone"}
            problem = body.get("problem")
            received.append(CannotTell(problem) if problem else kind.validate_json(body["given"]))
        if isinstance(received[0], CannotTell):
            raise received[0]
        return received[0]

    return receive


def pytest_configure(config: pytest.Config) -> None:
    """In the controller, before threads and workers inherit it: do not interrupt those who work.

    The controller is woken at each of the six things that a worker sends of an item. As a batch process it
    waits until a processor is free, and then takes what has gathered.
    """
    if is_controller(config) and sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_OTHER:
        with contextlib.suppress(OSError):  # where a sandbox forbids it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker what the controller has read of the cluster."""
    config = node.config
    run = config.stash.get(RUN, None)
    if run is None:  # pytest only shows something, for which xdist starts workers all the same
        return
    if HANDOVER not in config.stash:
        config.stash[HANDOVER] = Handover.open(run)
    handover = config.stash[HANDOVER]
    node.workerinput["kubecheck"] = {
        "id": run.id,
        "started": run.started.isoformat(),
        "reports": str(run.reports),
        "allure": config.getoption("allure_report_dir", None),
        "no_probes": run.no_probes,
        "seconds": run.deadline.left,
        "policy": run.policy.model_dump_json(),
        "facts": FACTS.dump_json(run.facts).decode(),
        "address": list(handover.address),
        "key": handover.key.hex(),
    }


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker: take over the run."""
    config = session.config
    if not is_worker(config) or not (given := handed_over(config)):
        return
    replayed = load_record(Path(config.option.replay)) if config.option.replay else None
    policy = Policy.model_validate_json(given["policy"])
    deadline = Deadline(given["seconds"])

    def patience() -> float:
        # Once the run's deadline has passed, anybody may take the fleet away: it is no more to be waited for.
        return deadline.within(policy.timing.run_deadline) + LATEST

    config.stash[RUN] = Run(
        policy=policy,
        facts=FACTS.validate_json(given["facts"]),
        reports=Path(given["reports"]),
        api=None if replayed else connected(config, deadline),
        replayed=replayed,
        shard=replayed.shard if replayed else WHOLE,
        no_probes=given["no_probes"],
        id=given["id"],
        started=datetime.fromisoformat(given["started"]),
        receive_standing=_receiver(given, "standing", STANDING, patience),
        receive_measured=None if replayed else _receiver(given, "measured", FACTS, patience),
    )
    config.pluginmanager.register(Quiet(config), "kubecheck-quiet")


class Quiet:
    """In a worker: keep nothing for the terminal, which is the controller's.

    At the end pytest would look through all that it has kept for each failure, and print it to nobody.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.terminal = config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """After the terminal has kept it."""
        if self.terminal is not None:
            self.terminal.stats.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: send the raw answers along, for the record."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is not None and is_worker(config):
        answers, troubles = run.gathered()
        config.workeroutput["kubecheck"] = {  # type: ignore[attr-defined]
            # Which execnet takes at once, and values one by one.
            "answers": json.dumps(raws_to_json(answers)),
            "troubles": troubles,
            "requests": run.requests.as_json() if run.requests else None,
            "survey": run.survey_seconds(),
            "untold": config.stash[RESULTS].problem if RESULTS in config.stash else "",
        }


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep a finished worker's raw answers; one that crashed has none to give."""
    run = node.config.stash.get(RUN, None)
    given = getattr(node, "workeroutput", {}).get("kubecheck")
    if run is not None and given:
        run.answers |= raws_from_json(json.loads(given["answers"]))
        run.troubles |= given["troubles"]
        run.note_survey(given["survey"])
        if run.requests and given["requests"]:
            run.requests.add(RequestsMade(**given["requests"]))
        if given["untold"]:
            node.config.stash[RESULTS].problem = given["untold"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """The first worker that has collected tells which probe pods are needed."""
    run = node.config.stash.get(RUN, None)
    if run is not None:
        run.start_fleet(ids)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Split by node, unless the user names another way."""
    run = config.stash.get(RUN, None)
    if run is None or config.getoption("dist") != "load":
        return None
    return ByNode(config, log, run)


class ByNode(LoadScopeScheduling):  # type: ignore[misc]
    """As many shares as workers; all items of one node belong to one share."""

    def __init__(self, config: pytest.Config, log: Any, run: Run) -> None:
        super().__init__(config, log)
        self.run = run

    def _split_scope(self, nodeid: str) -> str:
        return str(self.run.share(nodeid, self.numnodes))

    # Of a thousand nodes a share is tens of thousands of items. xdist would count them at each event, and
    # look among all of them for the place of each; so an item leaves its share when it has come to its end.

    def mark_test_complete(self, node: Any, item_index: int, _duration: float = 0) -> None:
        """Take an item that a worker has judged out of its share."""
        nodeid = self.registered_collections[node][item_index]
        del self.assigned_work[node][self._split_scope(nodeid)][nodeid]
        self._reschedule(node)

    def remove_node(self, node: Any) -> str | None:
        """Give what a dead worker had left to the one that replaces it, but for the item at which it died."""
        deadly: str | None = super().remove_node(node)
        for share in self.workqueue.values():
            share.pop(deadly, None)
        return deadly

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        return sum(len(share) for share in workload.values())

    def _assign_work_unit(self, node: Any) -> None:
        name, share = self.workqueue.popitem(last=False)
        self.assigned_work[node][name] = share
        places = {nodeid: place for place, nodeid in enumerate(self.registered_collections[node])}
        node.send_runtest_some([places[nodeid] for nodeid in share])
