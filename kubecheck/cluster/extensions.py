"""What extends the API server: aggregated APIs and admission webhooks, and whether they are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.objects import Condition

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


def read_api_services(api: Api) -> tuple[ApiService, ...]:
    """The APIs that a Service serves; those of the API server itself are left out. Raises ApiError."""
    items = api.items("/apis/apiregistration.k8s.io/v1/apiservices")
    return tuple(_api_service(item) for item in items if item["spec"].get("service"))


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


def _api_service(item: dict[str, Any]) -> ApiService:
    service = item["spec"]["service"]
    conditions = (item.get("status") or {}).get("conditions") or ()
    available = next((parse.condition(c) for c in conditions if c["type"] == "Available"), NOT_JUDGED)
    return ApiService(item["metadata"]["name"], f"{service['namespace']}/{service['name']}", available)


def _endpoints(api: Api, namespace: str, name: str) -> int | None:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    slices = api.items(path, labelSelector=f"kubernetes.io/service-name={name}")
    try:
        return len(
            parse.service(api.get(f"/api/v1/namespaces/{namespace}/services/{name}"), slices).endpoints
        )
    except ApiError as problem:
        if problem.status != 404:
            raise
        return None
