"""Taking namespaces away: those of a run, and those that an earlier run could not."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.manifests import DEADLINE, MANAGED_BY, RUN_LABEL

Json = dict[str, Any]


def remove_namespace(api: Api, name: str) -> None:
    """Ask for the deletion of a namespace; already gone is fine. Raises ApiError."""
    api.delete(f"/api/v1/namespaces/{name}")


def remove_forgotten(api: Api, now: datetime) -> None:
    """Ask for the deletion of namespaces of runs that were killed, once their deadline has passed.

    Whoever may not list namespaces, or delete these, leaves them: they are not this run's matter.
    """
    selector = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())
    try:
        for item in api.items("/api/v1/namespaces", labelSelector=selector):
            ends = (item["metadata"].get("annotations") or {}).get(DEADLINE, "")
            if not item["metadata"].get("deletionTimestamp") and _passed(ends, now):
                remove_namespace(api, item["metadata"]["name"])
    except ApiError:
        return


def still_standing(api: Api, run: str, seconds: float) -> dict[str, str]:
    """A run's namespaces that still stand after ``seconds``, and what holds each of them."""
    selector = f"{RUN_LABEL}={run}"
    ends = time.monotonic() + seconds
    while True:
        page = api.get("/api/v1/namespaces", labelSelector=selector)
        standing = {item["metadata"]["name"]: _holding(item) for item in page.get("items") or ()}
        left = ends - time.monotonic()
        if not standing or left <= 0:
            return standing
        version = page["metadata"]["resourceVersion"]
        for event in api.watch("/api/v1/namespaces", version, left, labelSelector=selector):
            if event["type"] == "ERROR":
                break
            if event["type"] == "DELETED":
                standing.pop(event["object"]["metadata"]["name"], None)
            if not standing:
                return {}


def _passed(deadline: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(deadline) < now
    except (ValueError, TypeError):
        return False  # not written by kubecheck, whatever its labels say


def _holding(namespace: Json) -> str:
    """Why a namespace that is being deleted still stands, in the namespace controller's words."""
    for condition in namespace.get("status", {}).get("conditions") or ():
        if condition["status"] == "True" and condition.get("message"):
            return str(condition["message"])
    return "nobody says why; the controller-manager removes namespaces"
