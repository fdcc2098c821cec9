"""What a run makes only to look it up: Services without a ClusterIP, and a name with many addresses.

Each is made before the pods, and nothing asks for its name earlier: CoreDNS keeps "no such name",
and an answer that is still incomplete, for up to 30 seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.facts import Facts
from kubecheck.fleet.creating import Creator, FleetProblem
from kubecheck.fleet.manifests import HEADLESS_LABEL, MANAGED_BY, RUN_LABEL
from kubecheck.fleet.standing import HEADLESS, HTTP_PORT, Probe

Json = dict[str, Any]

GROUP = 100
"""Probe pods behind one Service without a ClusterIP.

Each of them asks for the addresses of all: with one Service for a thousand pods that would be a million
records, and soon more than fit into an answer (65,535 bytes: RFC 1035, section 4.2.2). An EndpointSlice
holds a hundred.
"""
EXTERNAL = "probe-external"
"""An ExternalName for the kubernetes Service."""
MANY = "probe-many"
"""A name whose addresses do not fit into 512 bytes, the limit of a plain reply over UDP."""

_MANY = 60
_SERVICE = "kubernetes.io/service-name"  # the label of an EndpointSlice
_POLL = 0.1  # seconds


def headless(place: int) -> str:
    """The Service without a ClusterIP in front of the pod on the node at ``place``: by groups of GROUP."""
    group = place // GROUP
    return f"{HEADLESS}-{group + 1}" if group else HEADLESS


def many_addresses(facts: Facts) -> tuple[str, ...]:
    """The addresses of MANY: from the ranges for documentation, in the cluster's own IP family.

    Source: RFC 5737 and RFC 3849. Nothing is ever sent to them.
    """
    service = facts.kubernetes_service.found
    ipv6 = service is not None and ":" in "".join(service.cluster_ips)
    return tuple(f"2001:db8::{n:x}" if ipv6 else f"198.51.100.{n}" for n in range(1, _MANY + 1))


def make(create: Creator, facts: Facts, namespace: str, run: str) -> dict[str, str]:
    """Make them. Of those that were refused, why, by ``namespace/name``: only their checks need them."""
    refused: dict[str, str] = {}
    for name, bodies in _objects(facts, run):
        try:
            for body in bodies:
                create.create(namespace, body)
        except FleetProblem as problem:
            refused[f"{namespace}/{name}"] = str(problem)
    if not facts.dns_domain.found:
        refused[f"{namespace}/{EXTERNAL}"] = facts.dns_domain.problem
    return refused


def _objects(facts: Facts, run: str) -> Iterator[tuple[str, list[Json]]]:
    ports = [{"name": "http", "port": HTTP_PORT, "protocol": "TCP"}]
    for name in sorted({headless(facts.places[node.name]) for node in facts.probed_nodes}):
        # Published as soon as a pod has an address: its record is there by the time that it is Ready.
        spec = {
            "clusterIP": "None", "publishNotReadyAddresses": True, "ports": ports,
            "selector": {RUN_LABEL: run, HEADLESS_LABEL: name},
        }  # fmt: skip
        yield name, [_service(name, run, spec)]
    if facts.dns_domain.found:
        target = f"kubernetes.default.svc.{facts.dns_domain.found}"
        yield EXTERNAL, [_service(EXTERNAL, run, {"type": "ExternalName", "externalName": target})]
    addresses = many_addresses(facts)
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": MANY,
            "labels": {
                **MANAGED_BY, RUN_LABEL: run, _SERVICE: MANY,
                "endpointslice.kubernetes.io/managed-by": "kubecheck",
            },
        },
        "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
        "endpoints": [{"addresses": [each], "conditions": {"ready": True}} for each in addresses],
        "ports": ports,
    }  # fmt: skip
    yield MANY, [endpoints, _service(MANY, run, {"clusterIP": "None", "ports": ports})]


def _service(name: str, run: str, spec: Json) -> Json:
    labels = {**MANAGED_BY, RUN_LABEL: run}
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": spec
    }  # fmt: skip


def wait_until_published(
    api: Api, namespace: str, probes: Iterable[Probe], seconds: float, stop: threading.Event
) -> None:
    """Wait until the Services without a ClusterIP have all ``probes`` as endpoints, ``seconds`` at most.

    Whether they have them is judged by what DNS says; to ask DNS earlier would only fill its cache.
    """
    expected = {(probe.headless, probe.address) for probe in probes}
    services = {name for name, _ in expected}
    ends = time.monotonic() + seconds
    while services and not expected <= _published(api, namespace, services) and time.monotonic() < ends:
        if stop.wait(_POLL):
            return


def _published(api: Api, namespace: str, services: set[str]) -> set[tuple[str, str]]:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    try:
        slices = api.items(path, labelSelector=f"{_SERVICE} in ({','.join(sorted(services))})")
    except ApiError:
        return set()  # asked again until the time is over; an API server may be away for a moment
    return {
        (part["metadata"]["labels"][_SERVICE], address)
        for part in slices
        for endpoint in part.get("endpoints") or ()
        for address in endpoint["addresses"]
    }
