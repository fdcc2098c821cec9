"""The state of one run in one process."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubecheck.checks.check import Check, declared
from kubecheck.checks.vantage import ASKED_AT_NODES, Vantage
from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.discover import measured
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.cluster.rights import Part
from kubecheck.fleet import Fleet, FleetProblem, Standing
from kubecheck.outcomes import NO_LINUX, NO_PROBES, CannotTell, NotApplicable, Result
from kubecheck.plugin.later import later
from kubecheck.policy import Policy
from kubecheck.probes import Raw
from kubecheck.shard import WHOLE, Shard
from kubecheck.survey import Record, Survey
from kubecheck.survey.asking import Asker, LiveAsker, RecordAsker

RUN = pytest.StashKey["Run"]()
NETWORKS = {
    "pod": {"pod", "node", "kubectl", "fleet"},  # whoever asks, mostly asks pods
    "node": {"node"},
}  # and the vantages that need probe pods there

SHOWING = (
    "collectonly",
    "showfixtures",
    "show_fixtures_per_test",
    "cacheshow",
    "markers",
    "help",
    "setupplan",
)
"""pytest's options with which it runs no test, as argparse names them; some are gone with their plugin.

``--setup-only`` is none of them: what a check needs is set up, and for that the cluster is asked.
"""


def new_id() -> str:
    """An id for a run, by chance."""
    return secrets.token_hex(3)


@dataclass
class Run:
    """What a run knows. ``api`` is None for a replay, ``replayed`` is None for a live run."""

    policy: Policy
    facts: Facts
    reports: Path
    api: Api | None = None
    replayed: Record | None = None
    node_access: bool = False
    no_probes: bool = False
    """Whether nothing is created, and what needs more than the API is not looked at."""
    shard: Shard = WHOLE
    id: str = field(default_factory=new_id)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    results: list[Result] = field(default_factory=list)
    answers: dict[str, dict[str, Raw]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    known: float = field(default_factory=time.monotonic)
    """When the cluster was known, by the monotonic clock."""
    surveys: dict[int, Survey] = field(default_factory=dict)
    measuring: Future[Facts] | None = None
    """The facts with the rows of metrics-server, where ``facts`` are without them."""
    fleet: Fleet | None = None
    standing_future: Future[Standing] | None = None
    receive_standing: Callable[[], Standing] | None = None
    """In a worker: waits for the controller's fleet."""
    receive_measured: Callable[[], Facts] | None = None
    """In a worker: waits for the facts with what the controller has read of metrics-server."""
    others: list[str] = field(default_factory=list)
    """What other shards judge: the ids of their items."""

    def start_measuring(self) -> None:
        """Begin to read what metrics-server has measured, in the background."""
        api, facts = self._live_api, self.facts
        self.measuring = later("measuring", lambda: measured(api, facts))

    def measured(self, *, wait: bool = True) -> Facts:
        """The facts with what metrics-server has measured; without ``wait``, only if that is known by now."""
        if wait and self.receive_measured is not None:
            self.facts = self.receive_measured()
        future = self.measuring
        if future is not None and (wait or (future.done() and not future.exception())):
            begun = time.monotonic()
            self.facts = future.result()
            self.measuring = None
            if (waited := round(time.monotonic() - begun, 2)) > 0:
                self.timings["metrics"] = waited
        return self.facts

    def start_fleet(self, nodeids: Iterable[str]) -> None:
        """Begin to put there what the items need, in the background; once only, if at all."""
        kinds = fleet_vantages(nodeids)
        if not kinds or self.no_probes or self.api is None or self.standing_future is not None:
            return
        refused = self.facts.may_not(Part.PROBES) if kinds != {"rehearsal"} else ""
        if refused:  # told at once, and nothing is left half made
            self.standing_future = Future()
            self.standing_future.set_exception(CannotTell(f"no probe pods were put there: {refused}"))
            return
        self.fleet = fleet = Fleet(
            self.api, self.policy, self.facts, self.id, node_access=self.node_access, shard=self.shard
        )

        def stand() -> Standing:
            begun = time.monotonic()
            try:
                return fleet.stand(networks_for(kinds), kinds)
            except (FleetProblem, ApiError) as problem:
                raise CannotTell(f"the probe pods could not be put there: {problem}") from None
            finally:
                self.timings["deploy"] = round(time.monotonic() - begun, 2)

        self.standing_future = later("fleet", stand)

    @property
    def deadline(self) -> Deadline:
        """When this run gives up what is not known by then."""
        return self.api.deadline if self.api else Deadline()

    def standing(self) -> Standing:
        """The fleet, once it stands. Raises CannotTell when it could not be put there.

        Raises NotApplicable when none was to be.
        """
        if self.no_probes:
            raise NotApplicable(NO_PROBES)
        if self.replayed is not None:
            if self.replayed.standing is None:
                raise CannotTell(self.replayed.fleet_problem or "the record holds no fleet")
            return self.replayed.standing
        if self.receive_standing is not None:
            return self.receive_standing()
        if self.standing_future is None:
            raise CannotTell("this run put no probe pods there")
        try:
            problem = self.standing_future.exception(self.deadline.left)
        except TimeoutError:
            raise CannotTell(f"{self.deadline} was over before the probe pods stood") from None
        if problem:
            # Without its traceback, which would grow each time that a check is told.
            raise problem.with_traceback(None)
        return self.standing_future.result()

    def standing_if_any(self) -> Standing | None:
        """The fleet if it stands by now; it is not waited for."""
        if self.replayed is not None:
            return self.replayed.standing
        future = self.standing_future
        return future.result() if future and future.done() and not future.exception() else None

    def asker(self) -> Asker:
        """Who answers: the probe pods, or the record."""
        if self.replayed:
            return RecordAsker(self.replayed.answers, self.replayed.troubles)
        return LiveAsker(self._live_api)

    def survey(self, item: pytest.Item) -> Survey:
        """The survey that holds the answers for ``item``: one for each share of the nodes."""
        shares = _shares(item.config)
        share = self.share(item.nodeid, shares)
        if share not in self.surveys:
            selected: dict[Vantage, list[Check]] = defaultdict(list)
            for other in item.session.items:
                check, vantage = check_of(other), vantage_of(other)
                if not (check and check.asks and vantage) or self.out_of_reach(vantage):
                    continue
                if self.share(other.nodeid, shares) == share:
                    selected[vantage].append(check)
            self.surveys[share] = Survey(
                selected, self.facts, self.policy, self.standing, self.asker(), self.deadline, shares
            )
        return self.surveys[share]

    def out_of_reach(self, vantage: Vantage) -> str:
        """Why nothing can be asked from there, whatever the check; empty where it can."""
        if vantage.kind not in ASKED_AT_NODES:
            return ""
        node = self.facts.node(vantage.node)
        return "" if node.probed else f"node {node.name} runs {node.os}: {NO_LINUX}"

    def mine(self, nodeid: str) -> bool:
        """Whether this shard judges an item."""
        return self.shard.holds(self._place(nodeid))

    def share(self, nodeid: str, shares: int) -> int:
        """Which of ``shares`` an item belongs to: all items of one node share one."""
        return self._place(nodeid) % shares

    def _place(self, nodeid: str) -> int:
        """Where an item's node stands among all, and the first place for what is no node's."""
        return self.facts.places.get(node_in(nodeid), 0)

    def survey_seconds(self) -> float:
        """How long asking has taken in this process; 0 where nobody was asked."""
        return max((s.seconds for s in self.surveys.values()), default=0.0) if self.api else 0.0

    def note_judging(self) -> None:
        """Keep how long collecting and judging have taken by now, where nobody was waited for."""
        waited = sum(self.timings.get(phase, 0.0) for phase in ("deploy", "survey", "metrics"))
        self.timings["judge"] = round(max(0.0, time.monotonic() - self.known - waited), 2)

    def note_survey(self, seconds: float) -> None:
        """Keep how long asking has taken in a process; the longest counts."""
        if seconds:
            self.timings["survey"] = max(self.timings.get("survey", 0.0), seconds)

    def gathered(self) -> tuple[dict[str, dict[str, Raw]], dict[str, str]]:
        """Raw answers and troubles by vantage, of this process and of its workers."""
        answers = {vantage: dict(raws) for vantage, raws in self.answers.items()}
        troubles = dict(self.troubles)
        for survey in self.surveys.values():
            for vantage, raws in survey.answers.items():
                answers[vantage] = answers.get(vantage, {}) | raws
            troubles |= survey.troubles
        return answers, troubles

    def raws(self, vantage: str) -> Mapping[str, Raw]:
        """What came back at a vantage by now, by question, where this process has asked there."""
        return next((s.answers[vantage] for s in self.surveys.values() if vantage in s.answers), {})

    @property
    def requests(self) -> RequestsMade | None:
        """What was asked of the API, None where a record is judged again."""
        return self.api.requests if self.api else None

    @property
    def _live_api(self) -> Api:
        assert self.api is not None, "only a live run asks"
        return self.api


def check_of(item: pytest.Item) -> Check | None:
    """The check that an item judges, None for a test that is none."""
    return declared(getattr(item, "function", None))


def vantage_of(item: pytest.Item) -> Vantage | None:
    """The vantage that an item judges at; None when collection did not know the cluster."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("vantage") if callspec else None
    return found if isinstance(found, Vantage) else None


def vantage_in(nodeid: str) -> str:
    """The vantage at the end of an item's id, ``pod:k8s-node01`` for instance; empty without one."""
    _, bracket, inside = nodeid.rpartition("[")
    return inside.removesuffix("]") if bracket else ""


def node_in(nodeid: str) -> str:
    """The node of an item's vantage; empty for a check on the whole cluster."""
    return vantage_in(nodeid).partition(":")[2]


def fleet_vantages(nodeids: Iterable[str]) -> set[str]:
    """Which kinds of vantage among the items' need the fleet: "pod", "node", "kubectl", "fleet" or none."""
    kinds = {vantage_in(nodeid).partition(":")[0] for nodeid in nodeids}
    return kinds & {"rehearsal", "pod", "node", "kubectl", "fleet"}


def networks_for(kinds: set[str]) -> list[str]:
    """The networks that probe pods must stand on for these kinds of vantage."""
    return [network for network, users in NETWORKS.items() if kinds & users]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def only_shows(config: pytest.Config) -> bool:
    """Whether pytest only shows what there is: then no cluster is read, and no report written."""
    return any(getattr(config.option, name, False) for name in SHOWING)


def handed_over(config: pytest.Config) -> dict[str, Any]:
    """What a worker's controller has told it; empty when there is no cluster to judge."""
    given: dict[str, Any] = config.workerinput.get("kubecheck", {})  # type: ignore[attr-defined]
    return given


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only steers workers, as pytest-xdist's does where it is told how and whom."""
    return not is_worker(config) and config.getoption("dist", "no") != "no" and bool(config.getoption("tx"))


def _shares(config: pytest.Config) -> int:
    return int(config.workerinput["workercount"]) if is_worker(config) else 1  # type: ignore[attr-defined]
