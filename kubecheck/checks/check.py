"""The decorator that makes a function a check: what it requires, asks and costs to mend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from kubecheck.checks.site import Site
from kubecheck.checks.vantage import At
from kubecheck.outcomes import CannotTell
from kubecheck.probes import Inquiry

Asked: TypeAlias = Inquiry | Mapping[str, Inquiry | CannotTell]
"""One inquiry, or one for each named target; a target that cannot be asked says why."""

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True)
class Check:
    """A requirement on the cluster.

    ``title`` describes the state in which it passes. ``asks`` decides what to ask at a vantage;
    None for a check that is judged from facts alone. ``remedy`` are the next steps, commands
    where there are some. ``doc`` is the function's docstring: what must hold, why, the source.
    """

    id: str
    title: str
    at: At
    asks: Callable[[Site], Asked] | None
    runbook: tuple[str, ...]
    remedy: tuple[str, ...]
    doc: str

    @property
    def area(self) -> str:
        """The folder it lives in: dns, network and so on."""
        return self.id.partition(".")[0]


def check(
    *,
    title: str,
    at: At,
    remedy: tuple[str, ...],
    asks: Callable[[Site], Asked] | None = None,
    runbook: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Make a test function a check.

    The function takes what it judges as arguments: ``answer`` or ``answers``, ``facts``,
    ``policy``, ``fleet``, ``node``, ``vantage``. It raises AssertionError when the requirement
    does not hold, CannotTell when that could not be told, NotApplicable when it is none here.
    """

    def declare(function: F) -> F:
        area = function.__module__.split(".")[-2]
        function.kubecheck = Check(  # type: ignore[attr-defined]
            id=f"{area}.{function.__name__.removeprefix('test_')}",
            title=title,
            at=at,
            asks=asks,
            runbook=runbook,
            remedy=remedy,
            doc=inspect.cleandoc(function.__doc__ or ""),
        )
        return function

    return declare


def declared(function: Any) -> Check | None:
    """The check that ``function`` was made into, None for any other function."""
    found = getattr(function, "kubecheck", None)
    return found if isinstance(found, Check) else None
