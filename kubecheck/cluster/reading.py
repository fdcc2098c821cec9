"""A fact that may be unreadable: it stays in its place and says why.

A check that needs it gets CannotTell from ``Reading.value`` and is judged unknown, never passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kubecheck.outcomes import CannotTell

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """A fact, or the reason why it could not be read.

    ``absent`` is the one reason that is itself a fact: the API server knows no such object.
    """

    found: T | None = None
    problem: str = ""
    absent: bool = False

    @property
    def value(self) -> T:
        """The fact. Raises CannotTell with the reason when it could not be read."""
        if self.found is None:
            raise CannotTell(self.problem or "it was not read")
        return self.found


UNREAD: Reading[Any] = Reading(problem="this record was written before kubecheck read it")
"""Stands where a record of an earlier kubecheck has no such fact."""
