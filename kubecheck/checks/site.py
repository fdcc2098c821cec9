"""What a check knows when it decides what to ask."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from kubecheck.checks.vantage import Vantage
from kubecheck.cluster.clusterinfo import front
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node
from kubecheck.fleet.standing import Probe, Standing
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.policy import Policy
from kubecheck.probes import Question

Q = TypeVar("Q", bound=Question)


@dataclass(frozen=True)
class Site:
    """One vantage, with all that is known of the cluster and of the fleet."""

    vantage: Vantage
    facts: Facts
    policy: Policy
    fleet: Standing

    @property
    def node(self) -> Node:
        """The vantage's node."""
        return self.facts.node(self.vantage.node)

    @property
    def probe(self) -> Probe:
        """The probe pod that asks from here."""
        network = "node" if self.vantage.kind == "node" else "pod"
        return self.fleet.probe(network, self.vantage.node)

    @property
    def origin(self) -> str:
        """The vantage in words."""
        if self.vantage.kind in ("kubectl", "fleet"):
            return "where kubecheck runs, through the API server"
        if self.vantage.kind == "node":
            return f"node {self.vantage.node} (host network)"
        return f"pod {self.probe.namespace}/{self.probe.name} on node {self.vantage.node}"

    def front(self) -> tuple[str, int]:
        """The address in front of the API servers. Raises NotApplicable or CannotTell."""
        return front(self.policy, self.facts.cluster_info)

    def nodes_to_ask(self) -> list[str]:
        """Names of the nodes that this one asks, itself among them: all, or a sample in a large cluster.

        The sample steps the same distances from every node around the ring of all nodes, so that
        each node is asked as often as it asks, the next one on the ring always among them. The
        distances come from the run's id.
        """
        names = [probe.node for probe in self.fleet.pod_probes]
        if len(names) <= self.policy.network.full_mesh_nodes:
            return names
        steps = random.Random(self.fleet.run)  # noqa: S311 - a sample, not a secret
        others = min(self.policy.network.sample_targets, len(names) - 1) - 1
        distances = [0, 1, *steps.sample(range(2, len(names)), others)]
        here = names.index(self.vantage.node)
        return [names[(here + distance) % len(names)] for distance in distances]

    def pods_to_ask(self, ask: Callable[[str], Q]) -> dict[str, Q | CannotTell]:
        """One question for the probe pod of each node to ask, by the node's name.

        On a dual-stack cluster there is a second one, "NODE over IPv6" for instance, where this vantage
        has an address of that family too.
        """
        found: dict[str, Q | CannotTell] = {}
        for name in self.nodes_to_ask():
            target = self.fleet.probe("pod", name)
            if target.problem:
                found[name] = CannotTell(f"its probe pod does not run: {target.problem}")
            else:
                addresses = target.addresses or (target.address,)
                found |= {_named(name, a, addresses): ask(a) for a in self._of_own_families(addresses)}
        return found

    def node_addresses_to_ask(
        self, ask: Callable[[str, Node], Q], *, each_family: bool = True
    ) -> dict[str, Q | CannotTell]:
        """One question for each node to ask, by its name, about its address; two as in ``pods_to_ask``.

        Without ``each_family`` only one, about the node's first address.
        """
        found: dict[str, Q | CannotTell] = {}
        for name in self.nodes_to_ask():
            node = self.facts.node(name)
            # More than one InternalIP of a family is not for all to use; the first one is the node's.
            by_family: dict[bool, str] = {}
            for address in node.addresses:
                by_family.setdefault(":" in address, address)
            firsts = tuple(by_family.values())
            if not firsts:
                found[name] = CannotTell(f"node {name} has no InternalIP")
            asked = self._of_own_families(firsts) if each_family else firsts[:1]
            found |= {_named(name, a, firsts): ask(a, node) for a in asked}
        return found

    def _of_own_families(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``addresses`` in a family that this vantage has; the first one in any case."""
        own = self.node.addresses if self.vantage.kind == "node" else self.probe.addresses
        families = {":" in address for address in own}
        return tuple(a for a in addresses if a == addresses[0] or (":" in a) in families)


def _named(node: str, address: str, addresses: tuple[str, ...]) -> str:
    if address == addresses[0]:
        return node
    return f"{node} over {'IPv6' if ':' in address else 'IPv4'}"


def need_node_access(here: Site) -> None:
    """Raise NotApplicable where the probe pods do not see the nodes' files."""
    if not here.fleet.node_access:
        raise NotApplicable("it is told from the node's own files: run with --node-access")
