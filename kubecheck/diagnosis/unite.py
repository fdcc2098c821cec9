"""The same cause at several nodes, told once: nobody reads six hundred causes that differ by a name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubecheck.diagnosis.alike import NAMED, named
from kubecheck.diagnosis.cause import Cause

_HERE = "\0"  # stands for the cause's node; names of the cluster have no such character
_FIGURE = re.compile(r"(?<![^\s(])\d+(?:\.\d+)?(?![^\s,;)])")


def united(causes: Iterable[Cause]) -> list[Cause]:
    """Causes of one kind that say the same, each of its own node, become one; the others stay as they are.

    It blames, explains, is confirmed by and is mended by all that they are. What is said is the same where
    it differs by the node and by figures only, such as the days that are left; what confirms it tells those.
    """
    groups: dict[object, dict[str, Cause]] = defaultdict(dict)
    for number, each in enumerate(causes):
        node = _node(each)
        key = _said(each, node) if node else number
        if node in groups[key]:
            key = number  # a second one at the same node is another one
        groups[key][node] = each
    return [_one(dict(sorted(found.items()))) for found in groups.values()]


def _node(cause: Cause) -> str:
    """The one node that it blames; empty where it blames none or several."""
    nodes = [name for name in cause.finding.blames if name.startswith("Node/")]
    return nodes[0].removeprefix("Node/") if len(nodes) == 1 else ""


def _said(cause: Cause, node: str) -> tuple[object, ...]:
    """What the causes that become one have in common."""
    finding = cause.finding
    others = tuple(name for name in finding.blames if name != f"Node/{node}")
    return cause.kind.id, finding.confidence, others, _FIGURE.sub("0", _anywhere(finding.says, node))


def _one(found: Mapping[str, Cause]) -> Cause:
    """The one for all of these, by the names of their nodes."""
    (_, first), *others = found.items()
    if not others:
        return first
    findings = [each.finding for each in found.values()]
    # Whom it blames stands beside what is said, in full.
    likewise = named(node for node, _ in others) if len(others) <= NAMED else f"{len(others)} more nodes"
    every = replace(
        first.finding,
        says=f"{first.finding.says}; likewise for {likewise}",
        blames=tuple(dict.fromkeys(name for each in findings for name in each.blames)),
        explains=frozenset().union(*(each.explains for each in findings)),
        confirmed=_confirmed(found),
        remedy=_remedy(found),
    )
    return Cause(first.kind, every)


def _confirmed(found: Mapping[str, Cause]) -> tuple[str, ...]:
    """All that confirms them, and each one's own figures where these differ."""
    findings = [each.finding for each in found.values()]
    figures = len({_anywhere(each.finding.says, node) for node, each in found.items()}) > 1
    own = [(each.says, *each.confirmed) if figures else each.confirmed for each in findings]
    return tuple(dict.fromkeys(text for told in own for text in told))


def _remedy(found: Mapping[str, Cause]) -> tuple[str, ...]:
    """All their steps: first what mends one node, then what is left for the others.

    A step that only begins with its node, ``on NODE: ...``, is one step for all nodes that have it.
    """
    nodes_of: dict[str, list[str]] = defaultdict(list)
    for node, each in found.items():
        for step in each.remedy:
            nodes_of[_anywhere(step, node)].append(node)
    first, left = [], []
    for step, nodes in nodes_of.items():
        if len(nodes) > 1 and step.startswith(f"on {_HERE}") and step.count(_HERE) == 1:
            every = len(found) == len(nodes) > NAMED
            first.append(step.replace(_HERE, f"each of the {len(nodes)} nodes" if every else named(nodes)))
            continue
        told = dict.fromkeys(step.replace(_HERE, node) for node in nodes)
        first.append(next(iter(told)))
        left += list(told)[1:]
    return tuple(first + left)


def _anywhere(text: str, node: str) -> str:
    return re.sub(rf"(?<![\w.-]){re.escape(node)}(?![\w-]|\.\w)", _HERE, text)
