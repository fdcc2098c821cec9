"""What extends the API server: aggregated APIs and admission webhooks, and whether they are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.objects import Condition
from kubecheck.cluster.services import read_service, slices_of

Json = dict[str, Any]

METRICS_API = "v1beta1.metrics.k8s.io"
NOT_JUDGED = Condition("Available", "Unknown", message="the aggregation layer has not judged it yet")


@dataclass(frozen=True)
class ApiService:
    """An aggregated API: ``v1beta1.metrics.k8s.io``, the Service behind it, and its Available condition."""

    name: str
    service: str
    available: Condition


@dataclass(frozen=True)
class Webhook:
    """An admission webhook that a Service serves.

    ``required`` says that requests fail where it does not answer (failurePolicy Fail). ``endpoints`` are
    its Service's ready ones, and None when there is no such Service. ``index`` is its place among all
    webhooks of its configuration; records of earlier versions do not hold it.
    """

    configuration: str
    name: str
    service: str
    required: bool
    endpoints: int | None
    index: int = 0


def list_api_services(api: Api) -> list[Json]:
    """All APIServices, the API server's own among them. Raises ApiError."""
    return api.items("/apis/apiregistration.k8s.io/v1/apiservices")


def api_services_in(items: list[Json]) -> tuple[ApiService, ...]:
    """The APIs that a Service serves; those of the API server itself are left out."""
    return tuple(_api_service(item) for item in items if item["spec"].get("service"))


def metrics_api_in(items: list[Json]) -> Condition:
    """The Available condition of the metrics API. Raises ApiError when there is none."""
    for item in items:
        if item["metadata"]["name"] == METRICS_API:
            return _available(item)
    raise ApiError(404, "NotFound", "there is no such APIService")


def read_webhooks(api: Api) -> tuple[Webhook, ...]:
    """All admission webhooks with a Service. Raises ApiError."""
    endpoints: dict[str, int | None] = {}
    found = []
    for kind in ("validating", "mutating"):
        path = f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations"
        for item in api.items(path):
            for index, hook in enumerate(item.get("webhooks") or ()):
                service = hook["clientConfig"].get("service")
                if not service:
                    continue
                name = f"{service['namespace']}/{service['name']}"
                if name not in endpoints:
                    endpoints[name] = _endpoints(api, service["namespace"], service["name"])
                found.append(
                    Webhook(
                        configuration=f"{kind}webhookconfiguration/{item['metadata']['name']}",
                        name=hook["name"],
                        service=name,
                        required=hook.get("failurePolicy", "Fail") == "Fail",
                        endpoints=endpoints[name],
                        index=index,
                    )
                )
    return tuple(found)


def _api_service(item: Json) -> ApiService:
    service = item["spec"]["service"]
    name = f"{service['namespace']}/{service['name']}"
    return ApiService(item["metadata"]["name"], name, _available(item))


def _available(item: Json) -> Condition:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return next((parse.condition(c) for c in conditions if c["type"] == "Available"), NOT_JUDGED)


def _endpoints(api: Api, namespace: str, name: str) -> int | None:
    slices = slices_of(api, namespace, name)
    try:
        return len(read_service(api, namespace, name, lambda: slices).endpoints)
    except ApiError as problem:
        if problem.status != 404:
            raise
        return None
