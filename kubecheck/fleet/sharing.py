"""One fleet for several processes: each puts it there as far as the others have not, the last takes it away.

They find each other by the run's id alone. Whoever leaves puts a mark into the run's namespace; whoever
finds the marks of all others there is the last. A shard that is killed leaves no mark: then the namespaces
stand until their deadline, as those of any run that was killed.
"""

from __future__ import annotations

from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.manifests import MANAGED_BY, RUN_LABEL
from kubecheck.shard import Shard

Json = dict[str, Any]

LEFT = "kubecheck.dev/left"
"""The label of the marks."""


def is_last(api: Api, namespace: str, run: str, shard: Shard) -> bool:
    """Take leave of the fleet, and tell whether all others have left. Raises ApiError."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    mark = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _mark(shard.number), "labels": {**MANAGED_BY, RUN_LABEL: run, LEFT: "true"}},
    }
    try:
        api.create(path, mark)
    except ApiError as problem:
        if problem.status == 404:
            return True  # the namespace is gone, or never came to be: there is nothing to leave
        if not existing(problem):
            raise
    marks = {item["metadata"]["name"] for item in api.items(path, labelSelector=LEFT)}
    return {_mark(number) for number in range(1, shard.of + 1)} <= marks


def existing(problem: ApiError) -> bool:
    """Whether something was refused because it is there already."""
    return problem.status == 409 and problem.reason == "AlreadyExists"


def _mark(number: int) -> str:
    return f"left-{number}"
