"""Symptoms that say the same of several nodes, so that one cause is told for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kubecheck.diagnosis.evidence import Symptom, at_nodes
from kubecheck.wording import NAMED, listed


def alike(symptoms: Iterable[Symptom]) -> list[tuple[str, frozenset[Symptom]]]:
    """Groups of failures whose messages differ by the node's name only; each with one of its messages."""
    groups: dict[tuple[str, str], set[Symptom]] = defaultdict(set)
    for symptom in symptoms:
        groups[symptom.check, symptom.message.replace(symptom.node or "\0", "NODE")].add(symptom)
    first = {key: min(found, key=lambda s: (s.node, s.target)) for key, found in groups.items()}
    order = sorted(groups, key=lambda key: (first[key].check, first[key].node))
    return [(first[key].message, frozenset(groups[key])) for key in order]


def blamed(symptoms: Iterable[Symptom]) -> tuple[str, ...]:
    """The nodes of the symptoms' vantages, as objects to blame."""
    return tuple(f"Node/{name}" for name in at_nodes(symptoms))


def named(nodes: Iterable[str]) -> str:
    """The nodes in a sentence: ``node a``, ``nodes a, b and 7 more``."""
    names = list(nodes)
    return f"{'node' if len(names) == 1 else 'nodes'} {listed(names)}"


def named_groups(groups: Iterable[Sequence[str]], nodes: int) -> list[str]:
    """Each group in a sentence; the largest, where it is long, as all others of so many ``nodes``."""
    found = list(groups)
    largest = max(found, key=len, default=())
    rest = len(largest) > NAMED and sum(map(len, found)) == nodes
    return [f"the other {len(group)} nodes" if rest and group is largest else named(group) for group in found]


def between(groups: Iterable[Sequence[str]], ends: Sequence[str], nodes: int) -> str:
    """Between what something is lost: the ``groups`` of so many ``nodes``, or else the two ``ends``."""
    return " and ".join(named_groups(groups, nodes)) or f"nodes {' and '.join(ends)}"
