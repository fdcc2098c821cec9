"""Whose an address is: a node's, a pod's, a Service's, and which nodes stand behind it."""

from __future__ import annotations

from dataclasses import dataclass

from kubecheck.cluster.facts import Facts
from kubecheck.fleet.standing import Standing


@dataclass(frozen=True)
class Owner:
    """Who has an address. ``kind`` is Node, Pod or Service, ``name`` as kubectl shows it with its namespace.

    ``nodes`` are the nodes where whoever answers there runs.
    """

    kind: str
    name: str
    nodes: frozenset[str]


NOBODY = Owner("", "", frozenset())


def owners(facts: Facts, standing: Standing | None) -> dict[str, Owner]:
    """The owner of each address that is known. Where several claim one, the fleet's word counts most."""
    found: dict[str, Owner] = {}
    pods = facts.pods.found or ()
    for pod in pods:
        if pod.address and not pod.host_network:
            found[pod.address] = Owner("Pod", pod.full_name, frozenset({pod.node}))
    for node in facts.nodes:
        found |= {address: Owner("Node", node.name, frozenset({node.name})) for address in node.addresses}
    dashboards = [dashboard.service for dashboard in facts.dashboards.found or ()]
    for service in (facts.kubernetes_service.found, facts.dns_service.found, *dashboards):
        if service:
            behind = frozenset(
                node for address in service.endpoints if address in found for node in found[address].nodes
            )
            owner = Owner("Service", service.full_name, behind)
            found |= {address: owner for address in service.cluster_ips if address != "None"}
    return found | (_of_fleet(standing) if standing else {})


def node_ports(facts: Facts, standing: Standing | None) -> dict[int, Owner]:
    """The Service behind each NodePort that is asked."""
    found: dict[int, Owner] = {}
    nodes = {pod.address: pod.node for pod in facts.pods.found or () if not pod.host_network}
    for dashboard in facts.dashboards.found or ():
        behind = frozenset(nodes[each] for each in dashboard.service.endpoints if each in nodes)
        found[dashboard.node_port] = Owner("Service", dashboard.service.full_name, behind)
    if standing:
        behind = frozenset(probe.node for probe in standing.pod_probes)
        found[standing.node_port] = Owner("Service", f"{standing.namespace}/node-port", behind)
    found.pop(0, None)  # stands for none
    return found


def _of_fleet(standing: Standing) -> dict[str, Owner]:
    found: dict[str, Owner] = {}
    for probe in standing.pod_probes:
        owner = Owner("Pod", f"{probe.namespace}/{probe.name}", frozenset({probe.node}))
        found |= {address: owner for address in (probe.address, *probe.addresses) if address}
    for peer in standing.peers:
        owner = Owner("Pod", f"{peer.namespace}/{peer.name}", frozenset({peer.node}))
        found[peer.address] = owner
    probes = {f"{probe.namespace}/{probe.name}": probe.node for probe in standing.pod_probes}
    for name, address in standing.services.items():
        if name in probes:
            behind = frozenset({probes[name]})
        elif name.startswith(f"{standing.peer_namespace}/"):
            behind = frozenset(peer.node for peer in standing.peers)
        else:
            behind = frozenset(probes.values())
        if address and address != "None":
            found[address] = Owner("Service", name, behind)
    return found
