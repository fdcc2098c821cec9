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
from kubecheck.fleet.manifests import MANAGED_BY, PROBE, RUN_LABEL
from kubecheck.fleet.standing import HTTP_PORT

Json = dict[str, Any]

HEADLESS = "probe-headless"
"""The probe pods, without a ClusterIP: its name has their addresses."""
EXTERNAL = "probe-external"
"""An ExternalName for the kubernetes Service."""
MANY = "probe-many"
"""A name whose addresses do not fit into 512 bytes, the limit of a plain reply over UDP."""

_MANY = 60
_POLL = 0.1  # seconds


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
    # Published as soon as a pod has an address: its record is there by the time that it is Ready.
    headless = {
        "clusterIP": "None", "publishNotReadyAddresses": True, "ports": ports,
        "selector": {RUN_LABEL: run, "kubecheck.dev/role": PROBE},
    }  # fmt: skip
    yield HEADLESS, [_service(HEADLESS, run, headless)]
    if facts.dns_domain.found:
        target = f"kubernetes.default.svc.{facts.dns_domain.found}"
        yield EXTERNAL, [_service(EXTERNAL, run, {"type": "ExternalName", "externalName": target})]
    addresses = many_addresses(facts)
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": MANY,
            "labels": {
                **MANAGED_BY, RUN_LABEL: run, "kubernetes.io/service-name": MANY,
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
    api: Api, namespace: str, addresses: Iterable[str], seconds: float, stop: threading.Event
) -> None:
    """Wait until HEADLESS has all ``addresses`` as endpoints, ``seconds`` at most.

    Whether it has them is judged by what DNS says; to ask DNS earlier would only fill its cache.
    """
    expected = set(addresses)
    ends = time.monotonic() + seconds
    while not expected <= _published(api, namespace) and time.monotonic() < ends:
        if stop.wait(_POLL):
            return


def _published(api: Api, namespace: str) -> set[str]:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    try:
        slices = api.items(path, labelSelector=f"kubernetes.io/service-name={HEADLESS}")
    except ApiError:
        return set()  # asked again until the time is over; an API server may be away for a moment
    return {
        address
        for part in slices
        for endpoint in part.get("endpoints") or ()
        for address in endpoint["addresses"]
    }
