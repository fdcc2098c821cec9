"""Blame by geometry: what a matrix of who reaches whom says of nodes, directions and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kubecheck.diagnosis.division import Pair, divided

__all__ = ["Pair", "Shape", "shapes"]


@dataclass(frozen=True)
class Shape:
    """A part of what fails, in its simplest form.

    ``form`` is "overlay" (no node reaches any other), "node" (it reaches no other and no other reaches it),
    "source" (it reaches no other), "target" (no other reaches it), "path" (two nodes, both ways),
    "direction" (from the first node to the second only), "self" (a node does not reach what is on itself),
    "partition" (no node of a group reaches any of another) or "one-way" (none of the first group reaches any
    of the second, which reach them).

    ``nodes`` are the nodes it blames: none for the overlay, and all but the largest of ``groups``.
    """

    form: str
    nodes: tuple[str, ...]
    pairs: frozenset[Pair]
    groups: tuple[tuple[str, ...], ...] = ()

    def parts(self, one: str, other: str) -> bool:
        """Whether the two nodes are in different groups."""
        groups = self._group.get(one), self._group.get(other)
        return None not in groups and groups[0] != groups[1]

    @cached_property
    def _group(self) -> dict[str, int]:
        return {node: number for number, group in enumerate(self.groups) for node in group}


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
    found += _partitions(across)
    left -= {pair for shape in found for pair in shape.pairs}
    whole = _whole(nodes, across)
    # The one that explains most first, and of equals what blames one node: paths explain two pairs.
    found += _taken(whole, left, least=2)
    found += _paths(left)
    found += _taken(whole, left, least=1)
    found += [Shape("direction", pair, frozenset({pair})) for pair in sorted(left)]
    return [*found, *_selves(reached)]


def _partitions(across: Mapping[Pair, bool]) -> list[Shape]:
    """The one that divides the nodes, if there is one. Of equal groups neither can be told to be apart."""
    division = divided(across)
    if division is None:
        return []
    sizes = sorted(map(len, division.groups))
    smaller = [group for group in division.groups if len(group) < sizes[-1] or sizes[-1] == sizes[-2]]
    nodes = tuple(sorted(node for group in smaller for node in group))
    form = "one-way" if division.one_way else "partition"
    return [Shape(form, nodes, division.pairs, division.groups)]


def _whole(nodes: list[str], across: Mapping[Pair, bool]) -> list[Shape]:
    """The rows and columns of which nothing works, both of a node in one shape."""
    rows: dict[str, set[Pair]] = {node: set() for node in nodes}
    columns: dict[str, set[Pair]] = {node: set() for node in nodes}
    for pair in across:
        rows[pair[0]].add(pair)
        columns[pair[1]].add(pair)
    found = []
    for node in nodes:
        row, column = frozenset(rows[node]), frozenset(columns[node])
        dead_row, dead_column = (len(part) > 1 and not any(across[p] for p in part) for part in (row, column))
        if dead_row and dead_column:
            found.append(Shape("node", (node,), row | column))
        elif dead_row:
            found.append(Shape("source", (node,), row))
        elif dead_column:
            found.append(Shape("target", (node,), column))
    return found


def _taken(whole: list[Shape], left: set[Pair], least: int) -> list[Shape]:
    """Those of ``whole`` that explain ``least`` pairs of what is ``left``, which loses these."""
    found: list[Shape] = []
    while whole:
        best = max(whole, key=lambda shape: len(shape.pairs & left))
        if len(best.pairs & left) < least:
            break
        found.append(best)
        left -= best.pairs
    return found


def _paths(left: set[Pair]) -> list[Shape]:
    """The pairs of nodes of which neither reaches the other; ``left`` loses them."""
    both = [pair for pair in sorted(left) if pair[0] < pair[1] and pair[::-1] in left]
    found = [Shape("path", pair, frozenset({pair, pair[::-1]})) for pair in both]
    for shape in found:
        left -= shape.pairs
    return found


def _selves(reached: Mapping[Pair, bool]) -> list[Shape]:
    return [
        Shape("self", (pair[0],), frozenset({pair}))
        for pair, ok in sorted(reached.items())
        if pair[0] == pair[1] and not ok
    ]
