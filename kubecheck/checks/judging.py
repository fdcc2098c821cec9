"""Judging many answers in one check, and telling which of them fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kubecheck.outcomes import CannotTell, NotApplicable, TargetsFailed, TargetsUnknown

T = TypeVar("T")

TOLD = 5  # of so many targets the evidence is told in full; the others are named


def for_each(targets: Mapping[str, T | CannotTell], judge: Callable[[str, T], None]) -> None:
    """Judge each target; the message names those that fail.

    Raises TargetsFailed when one fails, else TargetsUnknown when one could not be told; CannotTell
    when there is no target at all, and NotApplicable when none of them applies. A target may be a
    CannotTell itself: it could not be asked.
    """
    if not targets:
        raise CannotTell("there was nothing to look at")
    failed: dict[str, str] = {}
    unknown: dict[str, str] = {}
    not_here: dict[str, str] = {}
    for name, target in targets.items():
        try:
            if isinstance(target, CannotTell):
                raise target
            judge(name, target)
        except AssertionError as problem:
            failed[name] = own_words(problem)
        except CannotTell as problem:
            unknown[name] = str(problem)
        except NotApplicable as problem:
            not_here[name] = str(problem)
    if failed:
        raise TargetsFailed(_told(failed, len(targets), "fail"), failed, unknown)
    if unknown:
        raise TargetsUnknown(_told(unknown, len(targets), "could not be told"), unknown)
    if len(not_here) == len(targets):
        raise NotApplicable(_told(not_here, len(targets), "do not apply"))


def own_words(problem: AssertionError) -> str:
    """A check's message without the compared values that pytest's rewriting adds below it."""
    text = str(problem)
    return text.partition("\nassert ")[0] or text


def said_of(message: str, target: str) -> str:
    """What a message of many targets says of one of them, in a line; empty where it does not tell it."""
    start = f"{target}: "
    return next((line[len(start) :] for line in message.splitlines() if line.startswith(start)), "")


def _told(found: Mapping[str, str], total: int, what: str) -> str:
    if total == 1:
        return next(iter(found.values()))
    lines = [f"{len(found)} of {total} {what}: {', '.join(found)}"]
    lines += [f"{name}: {text}" for name, text in list(found.items())[:TOLD]]
    return "\n".join(lines)
