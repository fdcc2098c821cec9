"""The same cause at several places, told once: nobody reads six hundred causes that differ by a name.

A place is a node, or two nodes and the way between them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubecheck.diagnosis.alike import named
from kubecheck.diagnosis.cause import Cause
from kubecheck.wording import NAMED, listed

Place = tuple[str, ...]

_HERE = ("\0", "\1")  # stand for the nodes of a cause's place; names of the cluster have no such characters
_FIGURE = re.compile(r"(?<![^\s(])\d+(?:\.\d+)?(?![^\s,;)])")


def united(causes: Iterable[Cause]) -> list[Cause]:
    """Causes of one kind that say the same, each of its own place, become one; the others stay as they are.

    It blames, explains, is confirmed by and is mended by all that they are. What is said is the same where
    it differs by the nodes and by figures only, such as the days that are left; what confirms it tells those.
    """
    groups: dict[object, dict[Place, Cause]] = defaultdict(dict)
    for number, each in enumerate(causes):
        place = _place(each)
        key = _said(each, place) if place else number
        if place in groups[key]:
            key = number  # a second one at the same place is another one
        groups[key][place] = each
    return [_one(dict(sorted(found.items()))) for found in groups.values()]


def _place(cause: Cause) -> Place:
    """The node or the two nodes that it blames; empty where it blames none or more."""
    nodes = [name.removeprefix("Node/") for name in cause.finding.blames if name.startswith("Node/")]
    return tuple(nodes) if len(nodes) <= len(_HERE) else ()


def _said(cause: Cause, place: Place) -> tuple[object, ...]:
    """What the causes that become one have in common."""
    finding = cause.finding
    others = tuple(name for name in finding.blames if name.removeprefix("Node/") not in place)
    said = _FIGURE.sub("0", _anywhere(finding.says, place))
    return cause.kind.id, finding.confidence, others, len(place), said


def _one(found: Mapping[Place, Cause]) -> Cause:
    """The one for all of these, by their places."""
    (_, first), *others = found.items()
    if not others:
        return first
    findings = [each.finding for each in found.values()]
    every = replace(
        first.finding,
        says=f"{first.finding.says}; likewise for {_likewise([place for place, _ in others])}",
        blames=tuple(dict.fromkeys(name for each in findings for name in each.blames)),
        explains=frozenset().union(*(each.explains for each in findings)),
        confirmed=_confirmed(found),
        remedy=_remedy(found),
    )
    return Cause(first.kind, every)


def _likewise(places: list[Place]) -> str:
    """The places in words. Whom it blames stands beside what is said, in full."""
    one_node = len(places[0]) == 1
    if len(places) > NAMED:
        return f"{len(places)} more {'nodes' if one_node else 'pairs of nodes'}"
    return named(node for [node] in places) if one_node else ", ".join(map(" with ".join, places))


def _confirmed(found: Mapping[Place, Cause]) -> tuple[str, ...]:
    """All that confirms them, and each one's own figures where these differ."""
    findings = [each.finding for each in found.values()]
    figures = len({_anywhere(each.finding.says, place) for place, each in found.items()}) > 1
    own = [(each.says, *each.confirmed) if figures else each.confirmed for each in findings]
    return tuple(dict.fromkeys(text for told in own for text in told))


def _remedy(found: Mapping[Place, Cause]) -> tuple[str, ...]:
    """All their steps: first what mends one place, then what is left for the others.

    A step that only begins with its nodes, ``on NODE: ...``, is one step for all nodes that have it.
    """
    places_of: dict[str, list[Place]] = defaultdict(list)
    for place, each in found.items():
        for step in each.remedy:
            places_of[_anywhere(step, place)].append(place)
    begins = f"on {listed(_HERE[: len(next(iter(found)))])}"
    first, left = [], []
    for step, places in places_of.items():
        if len(places) > 1 and step.startswith(begins) and not _names(step.removeprefix(begins)):
            nodes = list(dict.fromkeys(node for place in places for node in place))
            every = len(found) == len(places) and len(nodes) > NAMED
            told = f"each of the {len(nodes)} nodes" if every else named(nodes)
            first.append(f"on {told}{step.removeprefix(begins)}")
            continue
        each_told = dict.fromkeys(_filled(step, place) for place in places)
        first.append(next(iter(each_told)))
        left += list(each_told)[1:]
    return tuple(first + left)


def _names(step: str) -> bool:
    return any(here in step for here in _HERE)


def _filled(step: str, place: Place) -> str:
    for here, node in zip(_HERE, place, strict=False):
        step = step.replace(here, node)
    return step


def _anywhere(text: str, place: Place) -> str:
    for here, node in zip(_HERE, place, strict=False):
        text = re.sub(rf"(?<![\w.-]){re.escape(node)}(?![\w-]|\.\w)", here, text)
    return text
