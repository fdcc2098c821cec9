"""One attempt to read a fact: what goes wrong becomes the fact's reading, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.reading import Reading

T = TypeVar("T")

# What walking JSON of another shape raises.
MALFORMED = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


def malformed(problem: Exception) -> str:
    """What is wrong with it, in words that do not repeat what was read: that may be a secret."""
    return f"{type(problem).__name__}: {problem}"


def attempt(what: str, read: Callable[[], T], absent: Collection[int] = (404,)) -> Reading[T]:
    """What ``read`` returns, or why it could not: the API server refused, or sent something else.

    Refused with one of the statuses ``absent``, it is known that there is nothing to read.
    """
    try:
        return Reading(read())
    except ApiError as problem:
        return Reading(problem=f"{what} could not be read: {problem}", absent=problem.status in absent)
    except MALFORMED as problem:
        return Reading(problem=f"{what} came back in a form that is not understood: {malformed(problem)}")
