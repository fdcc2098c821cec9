"""Pull secrets: those that policy names, copied to where the run's pods can use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.creating import FleetProblem
from kubecheck.fleet.manifests import MANAGED_BY, RUN_LABEL
from kubecheck.policy import Policy

Json = dict[str, Any]


def pull_secrets(api: Api, policy: Policy, run: str, namespaces: Iterable[str]) -> list[tuple[str, Json]]:
    """Each secret for each namespace. Raises FleetProblem for one that cannot be read."""
    found: list[tuple[str, Json]] = []
    for full_name in policy.images.pull_secrets:
        namespace, _, name = full_name.partition("/")
        try:
            original = api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        except ApiError as problem:
            raise FleetProblem(f"pull secret {full_name} of the policy cannot be read: {problem}") from None
        copy = {
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "labels": {**MANAGED_BY, RUN_LABEL: run}},
            "type": original["type"], "data": original.get("data") or {},
        }  # fmt: skip
        found += [(each, copy) for each in namespaces]
    return found
