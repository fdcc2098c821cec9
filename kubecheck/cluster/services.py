"""Services, and who stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api
from kubecheck.cluster.objects import Service

Json = dict[str, Any]


def slices_of(api: Api, namespace: str, name: str) -> list[Json]:
    """The EndpointSlices of a Service. Raises ApiError."""
    return api.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={name}",
    )


def read_service(api: Api, namespace: str, name: str, slices: Callable[[], list[Json]]) -> Service:
    """A Service with the endpoints in its ``slices``, which come meanwhile. Raises ApiError."""
    item = api.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    return parse.service(item, slices())
