"""All questions of all selected checks, to all vantages: side by side, each question once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from kubecheck.checks.check import Asked, Check
from kubecheck.checks.site import Site
from kubecheck.checks.vantage import Vantage
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.facts import Facts
from kubecheck.fleet.standing import Standing
from kubecheck.outcomes import CannotTell
from kubecheck.policy import Policy
from kubecheck.probes import Answer, Inquiry, Raw
from kubecheck.survey.asking import Asker

AT_ONCE = 32  # execs under way, in all processes of a run together

Answers = Answer | Mapping[str, Answer | CannotTell]


class Survey:
    """The questions of ``selected`` checks, asked the first time an answer is wanted."""

    def __init__(
        self,
        selected: Mapping[Vantage, Sequence[Check]],
        facts: Facts,
        policy: Policy,
        stand: Callable[[], Standing],
        asker: Asker,
        deadline: Deadline,
        shares: int = 1,
    ) -> None:
        self.selected = selected
        self.facts = facts
        self.policy = policy
        self.stand = stand
        self.asker = asker
        self.deadline = deadline
        self.shares = shares
        """How many processes survey at the same time, each a share of the vantages."""
        self.answers: dict[str, dict[str, Raw]] = {}
        """Raw answers by vantage and question key, for the record."""
        self.troubles: dict[str, str] = {}
        """Why a vantage gave no answers at all."""
        self._lock = threading.Lock()
        self._begun = self._ended = 0.0
        self._surveyed: dict[Vantage, Future[_Surveyed]] = {}

    def answer(self, check: Check, vantage: Vantage) -> Answers:
        """What ``check`` asked at ``vantage``. Raises CannotTell or NotApplicable."""
        surveyed = self._begin()[vantage]
        try:
            found = surveyed.result(self.deadline.left)
        except TimeoutError:
            raise CannotTell(f"{self.deadline} was over before {vantage} had answered") from None
        # Read only now, and not kept: of a thousand nodes all that is read would fill the memory.
        answers = _answers(found.asked[check.id], found.raws, found.site)
        if isinstance(answers, Exception):
            raise answers.with_traceback(None)  # which would grow each time that a check is told
        return answers

    @property
    def progress(self) -> tuple[int, int]:
        """How many vantages have answered, and how many are asked."""
        surveyed = list(self._surveyed.values())
        return sum(each.done() for each in surveyed), len(surveyed)

    @property
    def seconds(self) -> float:
        """From the first exec to the last answer, as far as they have come; 0 where nobody was asked."""
        return round(self._ended - self._begun, 2)

    def _begin(self) -> Mapping[Vantage, Future[_Surveyed]]:
        with self._lock:
            if not self._surveyed:
                standing = self.stand()
                self._begun = self._ended = time.monotonic()
                pool = ThreadPoolExecutor(max(1, AT_ONCE // self.shares), thread_name_prefix="survey")
                for vantage, checks in self.selected.items():
                    site = Site(vantage, self.facts, self.policy, standing)
                    self._surveyed[vantage] = pool.submit(self._ask, site, checks)
                pool.shutdown(wait=False)
            return self._surveyed

    def _ask(self, site: Site, checks: Sequence[Check]) -> _Surveyed:
        try:
            return self._asked_of(site, checks)
        finally:
            self._ended = time.monotonic()

    def _asked_of(self, site: Site, checks: Sequence[Check]) -> _Surveyed:
        asked = {check.id: _asked(check, site) for check in checks if check.asks}
        questions: dict[str, Inquiry] = {}
        for question in _questions(asked):
            # Two checks may ask the same; the one that lets it settle asks for both.
            if question.key not in questions or question.settles:
                questions[question.key] = question
        vantage = str(site.vantage)
        try:
            raws = self.asker(site, list(questions.values())) if questions else {}
        except CannotTell as trouble:
            self.troubles[vantage] = str(trouble)
            nobody = {
                check: what if isinstance(what, Exception) else trouble for check, what in asked.items()
            }
            return _Surveyed(site, nobody, {})
        self.answers[vantage] = raws
        return _Surveyed(site, asked, raws)


@dataclass(frozen=True)
class _Surveyed:
    """What was asked at a vantage, by check, or why not; and all that came back, by the questions' keys."""

    site: Site
    asked: Mapping[str, Asked | Exception]
    raws: Mapping[str, Raw]


def _asked(check: Check, site: Site) -> Asked | Exception:
    assert check.asks is not None
    try:
        return check.asks(site)
    except Exception as reason:  # noqa: BLE001 - a defect in one check is that check's alone
        return reason


def _questions(asked: Mapping[str, Asked | Exception]) -> list[Inquiry]:
    found: list[Inquiry] = []
    for what in asked.values():
        if isinstance(what, Inquiry):
            found.append(what)
        elif isinstance(what, Mapping):
            found += [target for target in what.values() if isinstance(target, Inquiry)]
    return found


def _answers(asked: Asked | Exception, raws: Mapping[str, Raw], site: Site) -> Answers | Exception:
    if isinstance(asked, Exception):
        return asked
    if isinstance(asked, Inquiry):
        return _answer(asked, raws, site)
    return {
        name: _answer(target, raws, site) if isinstance(target, Inquiry) else target
        for name, target in asked.items()
    }


def _answer(question: Inquiry, raws: Mapping[str, Raw], site: Site) -> Answer | CannotTell:
    raw = raws.get(question.key)
    if raw is None:
        return CannotTell(
            f"asked {question.key} from {site.origin}, and no answer came back from the probe pod"
        )
    return question.read(raw, site.origin)
