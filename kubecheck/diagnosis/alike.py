"""Symptoms that say the same of several nodes, so that one cause is told for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kubecheck.diagnosis.evidence import Symptom, at_nodes
from kubecheck.diagnosis.geometry import Shape

NAMED = 5  # nodes that a sentence names


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
    shown = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{'node' if len(names) == 1 else 'nodes'} {shown}{more}"


def between(shape: Shape, nodes: Sequence[str]) -> str:
    """Between which nodes: ``between nodes a and b``, or groups, ``between nodes a, b and nodes c, d, e``.

    Of a large group only the size is told, and the largest of them is the rest.
    """
    if not shape.groups:
        return f"between nodes {' and '.join(dict.fromkeys(nodes))}"
    *smaller, largest = shape.groups
    told = [named(group) if len(group) <= NAMED else f"{len(group)} nodes" for group in smaller]
    rest = named(largest) if len(largest) <= NAMED else f"the other {len(largest)}"
    return f"between {', '.join(told)} and {rest}"
