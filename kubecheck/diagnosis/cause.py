"""What a cause is: its kind, which can be explained without a cluster, and one that was found."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubecheck.diagnosis.evidence import Evidence, Symptom


class Confidence(IntEnum):
    """How sure a cause is.

    CERTAIN: the cluster or a confirming question says so itself. LIKELY: the pattern of failures fits
    this and no other known cause. POSSIBLE: it fits, and others would too.
    """

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


@dataclass(frozen=True)
class Finding:
    """A cause found in this cluster, as its module tells it.

    ``says`` is one sentence. ``blames`` are objects as ``Kind/name`` or ``Kind/namespace/name``.
    ``names`` fill the placeholders of the kind's remedy. ``confirmed`` says what confirms it.
    ``remedy`` stands in place of the kind's where this cluster needs another one.
    """

    says: str
    blames: tuple[str, ...]
    explains: frozenset[Symptom]
    confidence: Confidence
    names: Mapping[str, str] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    ``doc`` says what it means and why it matters, ``confirm`` how to see it by hand, ``remedy`` what
    mends it, with placeholders in braces, ``source`` is the document that says so.
    """

    id: str
    title: str
    confirm: tuple[str, ...]
    remedy: tuple[str, ...]
    source: str
    doc: str
    find: Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True)
class Cause:
    """A kind of cause found in this cluster."""

    kind: Kind
    finding: Finding

    @property
    def remedy(self) -> tuple[str, ...]:
        """The commands that mend it, with this cluster's names."""
        return self.finding.remedy or tuple(filled(step, self.finding.names) for step in self.kind.remedy)


def cause(
    *, title: str, confirm: tuple[str, ...], remedy: tuple[str, ...], source: str
) -> Callable[[Callable[[Evidence], Iterable[Finding]]], Kind]:
    """Make a function that looks for a cause a kind of cause.

    Its name is the kind's id, its docstring the explanation.
    """

    def declare(function: Callable[[Evidence], Iterable[Finding]]) -> Kind:
        doc = inspect.cleandoc(function.__doc__ or "")
        return Kind(function.__name__.replace("_", "-"), title, confirm, remedy, source, doc, function)

    return declare


def filled(step: str, names: Mapping[str, str]) -> str:
    """``step`` with its placeholders filled in; one without a name stays, in capitals."""

    def name(found: re.Match[str]) -> str:
        return names.get(found[1]) or found[1].upper()

    return re.sub(r"\{([a-z_]+)\}", name, step)


def kinds_in(module: Any) -> list[Kind]:
    """The kinds of cause that a module declares."""
    return [value for value in vars(module).values() if isinstance(value, Kind)]
