"""What a check knows when it decides what to ask."""

from __future__ import annotations

import random
from dataclasses import dataclass

from kubecheck.checks.vantage import Vantage
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node
from kubecheck.fleet.standing import Probe, Standing
from kubecheck.policy import Policy


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
        return self.fleet.probe(self.vantage.kind, self.vantage.node)

    @property
    def origin(self) -> str:
        """The vantage in words."""
        if self.vantage.kind == "node":
            return f"node {self.vantage.node} (host network)"
        return f"pod {self.probe.namespace}/{self.probe.name} on node {self.vantage.node}"

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
