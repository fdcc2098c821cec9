"""Cluster DNS as the API knows it: each server behind the DNS Service, and the zones in the Corefile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from kubecheck.cluster.api import Api
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.objects import Deployment, Kubelet, Service, ServicePort
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.reviews import account_may

Json = dict[str, Any]

PORT = 53  # the port at which a Service of cluster DNS is asked
COREFILE = "coredns"  # the ConfigMap that kubeadm, the Helm chart and CoreDNS's own manifests use

WATCHED = (("", "services"), ("discovery.k8s.io", "endpointslices"))
"""What CoreDNS's answers are made of, as API group and resource."""
WATCHING = ("list", "watch")


@dataclass(frozen=True)
class DnsServer:
    """A ready endpoint of the DNS Service: ``name`` is its pod's, ``udp_port`` where it listens."""

    address: str
    name: str
    node: str
    udp_port: int
    tcp_port: int


@dataclass(frozen=True)
class DnsSetup:
    """The servers, and ``zones``: the domains that the Corefile gives to the kubernetes plugin."""

    servers: tuple[DnsServer, ...]
    zones: Reading[tuple[str, ...]]


def read_dns(api: Api, namespace: str, service: Reading[Service], slices: list[Json]) -> DnsSetup:
    """Both of the cluster DNS in ``namespace``, whose Service has these EndpointSlices."""
    ports = service.found.ports if service.found else ()
    return DnsSetup(servers(slices, ports), _read_zones(api, namespace))


def read_rights(api: Api, deployment: Deployment) -> tuple[str, ...]:
    """What CoreDNS must watch and may not, as ``verb resource``; empty when it may. Raises ApiError."""
    return tuple(
        f"{verb} {resource}"
        for group, resource in WATCHED
        for verb in WATCHING
        if not account_may(
            api, deployment.namespace, deployment.account, verb=verb, group=group, resource=resource
        )
    )


def cluster_domain(kubelets: Mapping[str, Reading[Kubelet]], setup: Reading[DnsSetup]) -> Reading[str]:
    """The domain that most kubelets hand to their pods; without one, the only one that CoreDNS serves."""
    said = [reading.found.cluster_domain for reading in kubelets.values() if reading.found]
    domains = sorted(filter(None, said), key=said.count)
    if domains:
        return Reading(domains[-1])
    served = (setup.found.zones.found if setup.found else None) or ()
    forward = [zone for zone in served if not zone.endswith(".arpa")]
    if len(forward) == 1:
        return Reading(forward[0])
    return Reading(
        problem="neither a kubelet's configuration nor CoreDNS's was read, so the cluster domain is not known"
    )


def node_local(address: str) -> bool:
    """Whether a nameserver is a DNS cache on the pod's own node: those listen at a link-local address.

    Source: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
    """
    try:
        return ip_address(address).is_link_local
    except ValueError:
        return False


def servers(slices: list[Json], ports: Sequence[ServicePort]) -> tuple[DnsServer, ...]:
    """The ready endpoints in EndpointSlices, each address once, by name and address.

    ``ports`` are the Service's, where it is known.
    """
    found: dict[str, DnsServer] = {}
    for part in slices:
        udp = _port(part, ports, "UDP", PORT)
        tcp = _port(part, ports, "TCP", udp)
        for endpoint in part.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            # All addresses of an endpoint are the same pod's, and the first is the one to use.
            address = endpoint["addresses"][0]
            pod = (endpoint.get("targetRef") or {}).get("name") or address
            found[address] = DnsServer(address, pod, endpoint.get("nodeName") or "", udp, tcp)
    return tuple(sorted(found.values(), key=lambda server: (server.name, server.address)))


def _port(part: Json, of_service: Sequence[ServicePort], protocol: str, otherwise: int) -> int:
    """Where the endpoints listen for what comes to the Service's port 53: both ports have the same name.

    Where the Service is not known, the only port of that protocol.
    Source: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/
    """
    names = {port.name for port in of_service if (port.port, port.protocol) == (PORT, protocol)}
    ports = [
        port["port"]
        for port in part.get("ports") or ()
        if port.get("port") and port.get("protocol", "TCP") == protocol
        if not of_service or (port.get("name") or "") in names
    ]
    return int(ports[0]) if len(ports) == 1 else otherwise


def _read_zones(api: Api, namespace: str) -> Reading[tuple[str, ...]]:
    what = f"ConfigMap {namespace}/{COREFILE}"
    path = f"/api/v1/namespaces/{namespace}/configmaps/{COREFILE}"
    found = attempt(what, lambda: zones((api.get(path).get("data") or {}).get("Corefile") or ""))
    if found.found == ():
        return Reading(problem=f"{what} names no zone for the kubernetes plugin", absent=True)
    return found


def zones(corefile: str) -> tuple[str, ...]:
    """The zones of every kubernetes plugin in a Corefile, lower case, without trailing dots.

    A plugin without zones of its own has its server block's. Source: https://coredns.io/plugins/kubernetes/
    """
    found: dict[str, None] = {}
    block: list[str] = []
    depth = 0
    for line in corefile.splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        named = [word for word in words if word not in ("{", "}")]
        if depth == 0 and named:
            block = named
        if depth == 1 and named[:1] == ["kubernetes"]:
            found |= dict.fromkeys(filter(None, map(_zone, named[1:] or block)))
        depth += words.count("{") - words.count("}")
    return tuple(found)


def _zone(word: str) -> str:
    """The zone in ``dns://cluster.local.:53``; empty for the root, and for what the environment fills in."""
    if "{$" in word or "{%" in word:
        return ""
    zone = re.sub(r"^\w+://|:\d+$", "", word)
    return zone.rstrip(".").lower()
