"""Blame by geometry: what a matrix of who reaches whom says of nodes, directions and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Shape:
    """A part of what fails, in its simplest form.

    ``form`` is "overlay" (no node reaches any other), "node" (it reaches no other and no other reaches it),
    "source" (it reaches no other), "target" (no other reaches it), "path" (two nodes, both ways),
    "direction" (from the first node to the second only), or "self" (a node does not reach what is on itself).
    ``nodes`` are the nodes it blames, none for the overlay.
    """

    form: str
    nodes: tuple[str, ...]
    pairs: frozenset[Pair]


def shapes(reached: Mapping[Pair, bool]) -> list[Shape]:
    """What fails in ``reached`` (source and target to whether it was reached), as few shapes as may be.

    A whole row or column blames its node only where two others at least were asked: of two nodes that do
    not reach each other, neither can be told to be the bad one.
    """
    across = {pair: ok for pair, ok in reached.items() if pair[0] != pair[1]}
    left = {pair for pair, ok in across.items() if not ok}
    found: list[Shape] = []
    nodes = sorted({node for pair in across for node in pair})
    if len(nodes) > 2 and left and len(left) == len(across):
        return [Shape("overlay", (), frozenset(left)), *_selves(reached)]
    while left:
        best = max(_candidates(nodes, across, left), key=lambda shape: len(shape.pairs & left))
        found.append(best)
        left -= best.pairs
    return [*found, *_selves(reached)]


def _candidates(nodes: list[str], across: Mapping[Pair, bool], left: set[Pair]) -> list[Shape]:
    """Shapes that explain some of what is left; among equals the earlier is the better one."""
    found = []
    for node in nodes:
        row = frozenset(pair for pair in across if pair[0] == node)
        column = frozenset(pair for pair in across if pair[1] == node)
        dead_row, dead_column = (len(part) > 1 and not any(across[p] for p in part) for part in (row, column))
        if dead_row and dead_column:
            found.append(Shape("node", (node,), row | column))
        elif dead_row:
            found.append(Shape("source", (node,), row))
        elif dead_column:
            found.append(Shape("target", (node,), column))
    for source, target in sorted(left):
        back = (target, source)
        if back in left:
            found.append(Shape("path", tuple(sorted(back)), frozenset({(source, target), back})))
        else:
            found.append(Shape("direction", (source, target), frozenset({(source, target)})))
    return found


def _selves(reached: Mapping[Pair, bool]) -> list[Shape]:
    return [
        Shape("self", (pair[0],), frozenset({pair}))
        for pair, ok in sorted(reached.items())
        if pair[0] == pair[1] and not ok
    ]
