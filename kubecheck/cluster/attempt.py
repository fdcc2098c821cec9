"""One attempt to read a fact: what goes wrong becomes the fact's reading, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.reading import Reading

T = TypeVar("T")

MALFORMED = (KeyError, ValueError, TypeError, AttributeError)  # what walking JSON of another shape raises


def attempt(what: str, read: Callable[[], T]) -> Reading[T]:
    """What ``read`` returns, or why it could not: the API server refused, or sent something else."""
    try:
        return Reading(read())
    except ApiError as problem:
        return Reading(problem=f"{what} could not be read: {problem}", absent=problem.status == 404)
    except MALFORMED as problem:
        return Reading(problem=f"{what} came back in a form that is not understood: {problem!r}")
