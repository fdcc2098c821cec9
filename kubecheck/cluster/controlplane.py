"""The API servers, each by itself: where they listen, whether they are ready, what they run."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.objects import Node
from kubecheck.cluster.reading import Reading
from kubecheck.input import parse_json

SILENT = {0, 502, 503, 504}  # no answer in time, or the API server asked could not reach the other one
NOT_TOLD: Reading[Any] = Reading(
    problem="it runs on no node of the cluster, and the API server's proxy leads to nodes only", absent=True
)
STRANGERS = (401,)  # what it says to all that show no credentials, where --anonymous-auth is false


@dataclass(frozen=True)
class ApiServer:
    """An API server, as the endpoints of default/kubernetes name it.

    ``node`` is the node that it runs on, empty when that is none of the cluster's. ``failing`` are the
    readiness checks that fail, each with what it says; none for one that is ready. What it does not tell
    through another one is absent: one that runs on no node nothing, nor one that lets in no strangers.
    """

    address: str
    port: int
    node: str
    failing: Reading[tuple[str, ...]]
    version: Reading[str]

    @property
    def name(self) -> str:
        """Its node, or its address where it has no node."""
        return self.node or self.address


@dataclass(frozen=True)
class ControlPlane:
    """The API servers by themselves, and what is failing in the one that the kubeconfig leads to."""

    servers: tuple[ApiServer, ...]
    failing: Reading[tuple[str, ...]]


def read_control_plane(api: Api, nodes: tuple[Node, ...], slices: list[dict[str, Any]]) -> ControlPlane:
    """Every API server, asked through the one that the kubeconfig leads to.

    ``slices`` are the EndpointSlices of the kubernetes Service.
    """
    places = sorted(
        {
            (address, port["port"])
            for part in slices
            for endpoint in part.get("endpoints") or ()
            for address in endpoint["addresses"]
            for port in part.get("ports") or ()
        }
    )
    by_address = {address: node.name for node in nodes for address in node.addresses}

    def ask(place: tuple[str, int]) -> ApiServer:
        address, port = place
        node = by_address.get(address, "")
        if not node:
            return ApiServer(address, port, node, NOT_TOLD, NOT_TOLD)
        # The proxy to a node leads to any of its ports, and shows no credentials to what listens there:
        # /readyz and /version are open to everybody, unless anonymous requests are refused.
        proxy = f"/api/v1/nodes/https:{node}:{port}/proxy"
        failing = attempt(
            f"/readyz of the API server on {node}", lambda: _failing(api, f"{proxy}/readyz"), STRANGERS
        )
        version = (
            attempt(f"/version of the API server on {node}", lambda: _version(api, proxy), STRANGERS)
            if failing.found is not None
            else Reading[str](problem=failing.problem, absent=failing.absent)
        )
        return ApiServer(address, port, node, failing, version)

    with ThreadPoolExecutor(8, thread_name_prefix="api-servers") as pool:
        servers = tuple(pool.map(ask, places))
    return ControlPlane(servers, attempt("/readyz", lambda: _failing(api, "/readyz")))


def _failing(api: Api, path: str) -> tuple[str, ...]:
    """The checks that fail at a /readyz. Raises ApiError when it may not be asked."""
    try:
        api.through_proxy("GET", path)
    except ApiError as problem:
        found = failing_in(problem.body)
        if not found and problem.status in SILENT:
            return (f"it does not answer: {problem}",)
        if not found:
            raise
        return found
    return ()


def failing_in(page: str) -> tuple[str, ...]:
    """The failing checks on a page of /readyz, as ``etcd failed: reason withheld``."""
    return tuple(re.findall(r"^\[-\](.+?)\s*$", page, re.MULTILINE))


def _version(api: Api, proxy: str) -> str:
    return str(parse_json(api.through_proxy("GET", f"{proxy}/version"))["gitVersion"])
