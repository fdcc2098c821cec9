"""Blame by geometry: what a matrix of who reaches whom says of nodes, directions and paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Shape:
    """A part of what fails, in its simplest form.

    ``form`` is "overlay" (no node reaches any other), "node" (it reaches no other and no other reaches it),
    "source" (it reaches no other), "target" (no other reaches it), "partition" (groups of nodes of which none
    reaches another), "path" (two nodes, both ways), "direction" (from the first node to the second only), or
    "self" (a node does not reach what is on itself). ``nodes`` are the nodes it blames, none for the overlay;
    of a partition all but those of the largest group. Its ``groups`` are in the order of their size.
    """

    form: str
    nodes: tuple[str, ...]
    pairs: frozenset[Pair]
    groups: tuple[tuple[str, ...], ...] = ()


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
    # First of all: in a sample, whoever asks a node may all be of the other side.
    found += _partition(across, left)
    whole = _whole(nodes, across)
    # The one that explains most first, and of equals what blames one node: paths explain two pairs.
    found += _taken(whole, left, least=2)
    found += _paths(left)
    found += _taken(whole, left, least=1)
    found += [Shape("direction", pair, frozenset({pair})) for pair in sorted(left)]
    return [*found, *_selves(reached)]


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


def _partition(across: Mapping[Pair, bool], left: set[Pair]) -> list[Shape]:
    """The groups of nodes that are apart from each other, if there are any; ``left`` loses the pairs between.

    Inside of a group each node is reached by way of others at least, and whoever was asked across failed. Two
    nodes at least make a group: one by itself is another form.
    """
    group_of = {node: node for pair in across for node in pair}

    def group(node: str) -> str:
        while group_of[node] != node:
            group_of[node] = node = group_of[group_of[node]]
        return node

    for (source, target), ok in across.items():
        if ok:
            group_of[group(source)] = group(target)
    members: dict[str, list[str]] = defaultdict(list)
    for node in sorted(group_of):
        members[group(node)].append(node)
    groups = sorted((tuple(nodes) for nodes in members.values() if len(nodes) > 1), key=lambda g: (len(g), g))
    if len(groups) < 2:
        return []
    number = {node: place for place, nodes in enumerate(groups) for node in nodes}
    between = frozenset(
        pair for pair in left if {*pair} <= number.keys() and number[pair[0]] != number[pair[1]]
    )
    if len(between) < 2:
        return []
    left -= between
    return [
        Shape("partition", tuple(node for nodes in groups[:-1] for node in nodes), between, tuple(groups))
    ]


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
