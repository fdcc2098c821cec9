"""Who reaches whom: node by node as a grid, from what network checks say of their targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kubecheck.checks.judging import said_of
from kubecheck.diagnosis.evidence import target_node
from kubecheck.outcomes import Outcome, Result, Target

NODE_LIMIT = 40  # of a grid with a row for each node; above it a row stands for several
GROUPS = 24  # rows of a grid whose rows stand for several nodes
EVIDENCE = 8  # of a cell
TROUBLED = 20  # nodes named with how often they fail as source and as target


@dataclass(frozen=True)
class Evidence:
    """What one check says of one pair."""

    check: str
    source: str
    target: str
    outcome: Outcome
    said: str


@dataclass
class Cell:
    """What is known of the way from the nodes of a row to the nodes of a column: counts of judgements."""

    counts: dict[Outcome, int] = field(default_factory=lambda: defaultdict(int))
    evidence: list[Evidence] = field(default_factory=list)
    """Of what failed or could not be told, as far as it is kept."""

    @property
    def asked(self) -> int:
        """Judgements in all."""
        return sum(self.counts.values())

    @property
    def word(self) -> str:
        """What the judgements come to: works, fails, partly (some fail), unknown or not asked."""
        failed, unknown = self.counts[Outcome.FAILED], self.counts[Outcome.UNKNOWN]
        if failed:
            return "fails" if failed == self.asked else "partly"
        if unknown:
            return "unknown"
        return "works" if self.asked else "not asked"

    @property
    def bad(self) -> int:
        """How many judgements failed or could not be told."""
        return self.counts[Outcome.FAILED] + self.counts[Outcome.UNKNOWN]


@dataclass(frozen=True)
class Group:
    """A row or column: one node, or neighbours in the order of their names."""

    label: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Trouble:
    """How often a node fails, of how many judgements, as the one that asks and as the one that is asked."""

    node: str
    as_source: tuple[int, int]
    as_target: tuple[int, int]


@dataclass(frozen=True)
class Matrix:
    """The grid of one network: ``kind`` is "pod" or "node", the vantages that ask."""

    kind: str
    groups: tuple[Group, ...]
    cells: tuple[tuple[Cell, ...], ...]
    checks: tuple[tuple[str, str], ...]
    """Id and title of the checks that it sums up."""
    pairs: int
    possible: int
    troubled: tuple[Trouble, ...]
    troubled_more: int

    @property
    def aggregated(self) -> bool:
        """Whether a row stands for several nodes."""
        return any(len(group.nodes) > 1 for group in self.groups)


def matrices(results: Iterable[Result], nodes: Sequence[str]) -> list[Matrix]:
    """A grid for pods and one for the nodes themselves, as far as either asked other nodes."""
    every = list(results)
    return [found for kind in ("pod", "node") if (found := _matrix(every, nodes, kind))]


def _matrix(results: Sequence[Result], nodes: Sequence[str], kind: str) -> Matrix | None:
    judged = list(_judged(results, frozenset(nodes), kind))
    if not judged:
        return None
    groups = _groups(nodes)
    place = {node: number for number, group in enumerate(groups) for node in group.nodes}
    cells = tuple(tuple(Cell() for _ in groups) for _ in groups)
    sums = {node: [[0, 0], [0, 0]] for node in nodes}
    pairs = set()
    checks: dict[str, str] = {}
    for result, source, target, judgement in judged:
        cell = cells[place[source]][place[target]]
        cell.counts[judgement.outcome] += 1
        failed = judgement.outcome is Outcome.FAILED
        pairs.add((source, target))
        checks[result.check] = result.title
        for number, node in enumerate((source, target)):
            sums[node][number][0] += failed
            sums[node][number][1] += 1
        if judgement.outcome is not Outcome.PASSED and len(cell.evidence) < EVIDENCE:
            said = _said(result, judgement)
            cell.evidence.append(Evidence(result.check, source, target, judgement.outcome, said))
    troubled = sorted(
        (node for node in nodes if sums[node][0][0] or sums[node][1][0]),
        key=lambda node: -sum(part[0] for part in sums[node]),
    )
    return Matrix(
        kind=kind,
        groups=groups,
        cells=cells,
        checks=tuple(sorted(checks.items())),
        pairs=len(pairs),
        possible=len({source for _, source, _, _ in judged}) * len(nodes),
        troubled=tuple(_trouble(node, sums[node]) for node in troubled[:TROUBLED]),
        troubled_more=max(0, len(troubled) - TROUBLED),
    )


def _judged(
    results: Iterable[Result], nodes: frozenset[str], kind: str
) -> Iterable[tuple[Result, str, str, Target]]:
    """Every judgement of a network check at a vantage of ``kind`` that concerns another node or its own."""
    for result in results:
        at, _, source = result.vantage.partition(":")
        if at == kind and source in nodes and result.check.startswith("network."):
            for target in result.targets:
                to = target_node(target.name, nodes)
                if to and target.outcome is not Outcome.NOT_APPLICABLE:
                    yield result, source, to, target


def _groups(nodes: Sequence[str]) -> tuple[Group, ...]:
    """A group for each node, or GROUPS of them of several; their common domain is left out."""
    domains = {node.partition(".")[2] for node in nodes}
    shown = {node: node.partition(".")[0] if len(domains) == 1 else node for node in nodes}
    size = 1 if len(nodes) <= NODE_LIMIT else -(-len(nodes) // GROUPS)
    parts = [tuple(nodes[start : start + size]) for start in range(0, len(nodes), size)]
    return tuple(
        Group(shown[part[0]] + (f" +{len(part) - 1}" if len(part) > 1 else ""), part) for part in parts
    )


def _trouble(node: str, sums: Sequence[Sequence[int]]) -> Trouble:
    (failed_from, asked_from), (failed_to, asked_to) = sums
    return Trouble(node, (failed_from, asked_from), (failed_to, asked_to))


def _said(result: Result, target: Target) -> str:
    """What came back, as short as it can be told; else the message's own line on this target."""
    if target.asked and target.got:
        return f"asked {target.asked}: {target.got}"
    return said_of(result.message, target.name) or result.message.partition("\n")[0]
