"""The Services of a run. They come before its pods: rules and names settle while the pods start."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node
from kubecheck.fleet import manifests, names
from kubecheck.fleet.creating import Creator
from kubecheck.policy import Policy

Json = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """What was made: ClusterIPs by ``namespace/name``, why others were refused, the node port or 0."""

    cluster_ips: dict[str, str]
    refused: dict[str, str]
    node_port: int


def make_services(
    create: Creator, policy: Policy, facts: Facts, run: str, namespaces: dict[str, str]
) -> Services:
    """Make them. Raises FleetProblem for those two that most checks need; others may be refused."""
    pod, peer = namespaces["pod"], namespaces["peer"]
    looked_up = create.pool.submit(names.make, create, facts, pod, run)
    needed = [(pod, manifests.service(run, manifests.PROBE)), (peer, manifests.service(run, manifests.PEER))]
    optional = [manifests.self_service(run, node.name) for node in _sampled(facts.probed_nodes, policy, run)]
    if policy.network.node_ports:
        optional.append(manifests.node_port_service(run))
    if policy.network.network_policy:
        optional.append(manifests.network_policy(run))
    made = create.create_all(needed)
    refused: dict[str, str] = {}
    for body, found in zip(
        optional, create.pool.map(lambda body: create.attempt(pod, body), optional), strict=True
    ):
        if isinstance(found, str):
            refused[f"{pod}/{body['metadata']['name']}"] = found
        else:
            made.append(found)
    services = [item for item in made if item["kind"] == "Service"]
    return Services(
        cluster_ips={_full_name(item): item["spec"]["clusterIP"] for item in services},
        refused=refused | looked_up.result(),
        node_port=next((item["spec"]["ports"][0]["nodePort"] for item in services if _is_node_port(item)), 0),
    )


def _full_name(item: Json) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"


def _is_node_port(item: Json) -> bool:
    return bool(item["metadata"]["name"] == manifests.NODE_PORT)


def _sampled(nodes: Sequence[Node], policy: Policy, run: str) -> Sequence[Node]:
    """The nodes that get a Service of their own: all, or a sample in a large cluster."""
    most = policy.network.full_mesh_nodes
    if len(nodes) <= most:
        return nodes
    return random.Random(run).sample(nodes, most)  # noqa: S311 - a sample, not a secret
