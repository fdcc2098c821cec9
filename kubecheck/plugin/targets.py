"""Which of its targets a judgement concerns, and how: what a message says, for programs."""

from __future__ import annotations

from kubecheck.outcomes import CannotTell, Outcome, Target, TargetsFailed, TargetsUnknown
from kubecheck.probes import Answer
from kubecheck.survey.survey import Answers


def targets_of(found: Answers, outcome: Outcome, error: BaseException | None) -> tuple[Target, ...]:
    """The targets of a check that got the answers ``found`` and ended with ``error``.

    There are none where it judged many answers and did not say which of them fail.
    """
    if isinstance(found, Answer):
        return (_target("", outcome, found),)
    failed = error.failed if isinstance(error, TargetsFailed) else {}
    unknown = error.unknown if isinstance(error, TargetsFailed | TargetsUnknown) else {}
    if error is not None and not failed and not unknown:
        return ()
    outcomes = {
        **dict.fromkeys(found, Outcome.PASSED),
        **dict.fromkeys(unknown, Outcome.UNKNOWN),
        **dict.fromkeys(failed, Outcome.FAILED),
    }
    return tuple(_target(name, each, found.get(name)) for name, each in outcomes.items())


def _target(name: str, outcome: Outcome, answer: Answer | CannotTell | None) -> Target:
    if not isinstance(answer, Answer):
        return Target(name, outcome)
    got = "" if outcome is Outcome.PASSED else answer.got
    return Target(name, outcome, answer.question.key, answer.question.whom, got)
