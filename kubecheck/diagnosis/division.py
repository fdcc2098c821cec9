"""Groups of nodes that are apart: within each of them all is well, and from one to another nothing passes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Pair = tuple[str, str]

LEAST = 4  # pairs that are known to fail: two nodes that do not reach two others


@dataclass(frozen=True)
class Division:
    """The groups, the smallest first, and which pairs between them fail.

    ``one_way`` says that nodes of the first group do not reach those of the second, which reach them.
    """

    groups: tuple[tuple[str, ...], ...]
    pairs: frozenset[Pair]
    one_way: bool = False


def divided(across: Mapping[Pair, bool]) -> Division | None:
    """What divides the nodes of ``across`` (two nodes to whether the first reached the second), if anything.

    It may be a sample of all pairs. Nodes that fail with nobody, or with one other at most, may stand between
    the groups and reach all of them: they are left aside where nothing divides the nodes with them. Where one
    way is open, those that are rather not reached reach those that rather do not reach others.
    """
    broken = [pair for pair, reached in across.items() if not reached]
    if len(broken) < LEAST:
        return None
    failing = _neighbours(broken)
    sources, targets = Counter(pair[0] for pair in broken), Counter(pair[1] for pair in broken)
    nodes = {node for pair in across for node in pair}

    def lean(node: str) -> int:
        more = sources[node] - targets[node]
        return (more > 0) - (more < 0)

    for least in range(3):
        among = {node for node in nodes if len(failing[node]) >= least}
        well = [pair for pair, reached in across.items() if reached and among.issuperset(pair)]
        level = [pair for pair in well if lean(pair[0]) >= lean(pair[1])]
        for joining in (well, level):
            found = _tested(_groups(among, joining, failing), across)
            # More is asked of nodes that were chosen for failing: a few pairs at random have ends as well.
            if found and len(found.pairs) >= (sum(map(len, found.groups)) if least else LEAST):
                return found
    return None


def _neighbours(pairs: Iterable[Pair]) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _groups(
    nodes: Collection[str], joining: Iterable[Pair], failing: Mapping[str, set[str]]
) -> list[set[str]]:
    """The nodes that are joined, at least two in each group, with those that belong there as far as is known.

    In a sample a node may have been asked about other groups only: it goes where nothing is against it.
    """
    groups: list[set[str]] = []
    for part in sorted(_components(nodes, joining), key=lambda part: (-len(part), min(part))):
        against = {other for node in part for other in failing[node]}
        home = next((group for group in groups if group.isdisjoint(against)), None)
        if home is not None:
            home |= part
        elif len(part) > 1:
            groups.append(part)
    return groups


def _components(nodes: Collection[str], joining: Iterable[Pair]) -> list[set[str]]:
    """The nodes that are joined directly or by way of others."""
    joined = _neighbours(joining)
    left, found = set(nodes), []
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            edge = {other for node in edge for other in joined[node]} - part
        left -= part
        found.append(part)
    return found


def _tested(groups: list[set[str]], across: Mapping[Pair, bool]) -> Division | None:
    """The groups as a division, if nothing passes between them, and enough was asked to say so.

    Most pairs within each group are well, so that it is not single nodes that reach nobody. All in all there
    are as many of them as nodes: where nearly everything fails, the few pairs that do not make no groups.
    """
    side = {node: number for number, group in enumerate(groups) for node in group}
    well, bad = Counter[int](), Counter[int]()
    closed, opened = set(), set()
    pairs: set[Pair] = set()
    for pair, reached in across.items():
        way = side.get(pair[0], -1), side.get(pair[1], -1)
        if -1 in way:
            continue
        if way[0] == way[1]:
            (well if reached else bad)[way[0]] += 1
        elif reached:
            opened.add(way)
        else:
            closed.add(way)
            pairs.add(pair)
    if (
        len(groups) < 2
        or (len(groups) == 2 and len(opened | closed) < 2)
        or (len(groups) > 2 and opened)
        or opened & closed
        or any(well[number] <= bad[number] for number in range(len(groups)))
        or well.total() + len(groups) < len(side)
    ):
        return None
    # One way is told from the one that cannot reach.
    order = list(next(iter(closed))) if opened else sorted(range(len(groups)), key=lambda n: len(groups[n]))
    return Division(tuple(tuple(sorted(groups[n])) for n in order), frozenset(pairs), bool(opened))
