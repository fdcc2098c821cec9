"""The words of a judgement, shared by every room: outcomes, results and the verdict.

Three-valued truth: a requirement holds, it does not hold, or it could not be told. The third
is never folded into one of the others: an unreadable fact is not a green check and not a
broken cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

NO_PROBES = "not looked at: --no-probes"
"""Why a check does not apply that needs more than the API."""
NO_LINUX = "probe pods run on Linux only"
"""Why a check does not apply on a node of another operating system."""


class Outcome(StrEnum):
    """What became of one check at one vantage."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class CannotTell(Exception):
    """Whether the requirement holds could not be told; the text says why and what would tell."""


class NotApplicable(Exception):
    """The requirement does not concern this cluster or node; the text is the reason."""


class TargetsFailed(AssertionError):
    """The requirement does not hold for some of many targets: by name, what was said of each."""

    def __init__(self, text: str, failed: Mapping[str, str], unknown: Mapping[str, str]) -> None:
        super().__init__(text)
        self.failed = failed
        self.unknown = unknown


class TargetsUnknown(CannotTell):
    """Whether it holds could not be told for some of many targets: by name, why not."""

    def __init__(self, text: str, unknown: Mapping[str, str]) -> None:
        super().__init__(text)
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a result judges: ``name`` is the message's, empty where there is only one.

    ``asked`` is the inquiry, ``address`` whom it was put to, ``got`` what came back; each is empty
    where nothing was asked, and what came back where it was as expected.
    """

    name: str
    outcome: Outcome
    asked: str = ""
    address: str = ""
    got: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A check judged at a vantage.

    ``seconds`` is the time its questions took on the wire, or the time of judging for a check
    that asks none. ``targets`` are those that it judged, as far as they can be told apart.
    """

    check: str
    title: str
    vantage: str
    outcome: Outcome
    message: str
    runbook: tuple[str, ...]
    remedy: tuple[str, ...]
    seconds: float
    nodeid: str
    targets: tuple[Target, ...] = ()


class Verdict(StrEnum):
    """The one word, and the exit code that goes with it."""

    READY = "READY"
    NOT_READY = "NOT READY"
    UNDECIDED = "UNDECIDED"
    NO_VERDICT = "NO VERDICT"

    @property
    def exit_code(self) -> int:
        """The process's exit code; pytest's own 2, 3, 4 and 5 keep their meaning."""
        return {"READY": 0, "NOT READY": 1, "UNDECIDED": 10, "NO VERDICT": 11}[self.value]


def verdict_of(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict on a finished run.

    One failure is NOT READY, whatever else is unknown. A run in which nothing passed and
    nothing failed looked at nothing, so it is UNDECIDED and never READY.
    """
    seen = set(outcomes)
    if Outcome.FAILED in seen:
        return Verdict.NOT_READY
    if Outcome.UNKNOWN in seen or Outcome.PASSED not in seen:
        return Verdict.UNDECIDED
    return Verdict.READY
