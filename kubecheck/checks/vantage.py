"""Where a check is judged from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from kubecheck.cluster.facts import Facts

ASKED_AT_NODES = ("pod", "node", "kubectl")
"""The kinds of vantage at a node from which somebody is asked; the others are told by the API or the run."""


@dataclass(frozen=True)
class Vantage:
    """A place to judge from: ``pod:NODE``, ``node:NODE``, ``kubectl:NODE``, ``api:NODE``, ``api``, ``fleet``.

    ``pod`` and ``node`` ask from the pod network and the host network of a node. ``kubectl`` goes
    the way that kubectl goes to the pods of a node: through the API server and the kubelet.
    ``api`` reads what the API server says, of one node or of the cluster as a whole. ``fleet``
    looks at what became of the objects that the run itself created, and ``rehearsal``
    at what came of a new node's joining, which the run rehearses when a check asks for it.
    """

    kind: str
    node: str = ""

    def __str__(self) -> str:
        """The form that reports, records and test ids carry."""
        return f"{self.kind}:{self.node}" if self.node else self.kind

    def __repr__(self) -> str:
        """The same: Allure shows and hashes a parameter by its repr."""
        return str(self)


class At(Flag):
    """Which vantages a check is judged at."""

    API = auto()
    """Once, from what the API server says of the cluster."""
    EACH_NODE = auto()
    """Once a node, from what the API server says of it."""
    PODS = auto()
    """From a pod on every node."""
    NODES = auto()
    """From every node itself, on its host network."""
    KUBECTL = auto()
    """Once a node, through the API server to the probe pod on it."""
    FLEET = auto()
    """Once, from what became of the objects that the run itself created."""
    REHEARSAL = auto()
    """Once, from what came of a new node's joining, which the run rehearses."""

    def vantages(self, facts: Facts) -> list[Vantage]:
        """The vantages in this cluster, in a stable order."""
        found = [Vantage("api")] if At.API in self else []
        if At.EACH_NODE in self:
            found += [Vantage("api", node.name) for node in facts.nodes]
        if At.PODS in self:
            found += [Vantage("pod", node.name) for node in facts.nodes]
        if At.NODES in self:
            found += [Vantage("node", node.name) for node in facts.nodes]
        if At.KUBECTL in self:
            found += [Vantage("kubectl", node.name) for node in facts.nodes]
        if At.FLEET in self:
            found.append(Vantage("fleet"))
        if At.REHEARSAL in self:
            found.append(Vantage("rehearsal"))
        return found


REHEARSAL = At.REHEARSAL
API, EACH_NODE, PODS, NODES = At.API, At.EACH_NODE, At.PODS, At.NODES
KUBECTL, FLEET = At.KUBECTL, At.FLEET
