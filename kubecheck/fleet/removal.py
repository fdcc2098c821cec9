"""Taking away what runs have made: this one, and those that could not do it themselves."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenacity import Retrying, retry_if_exception, wait_fixed

from kubecheck.cluster.api import READ_TIMEOUT, Api, ApiError
from kubecheck.cluster.bootstrap import REQUESTS
from kubecheck.fleet.manifests import DEADLINE, MANAGED_BY, RUN_LABEL

Json = dict[str, Any]

AGAIN = 1.0  # seconds until a deletion that failed is asked for again
ANSWER = 4.0  # and for the answer to each, so that another API server can be asked in time
STALLED = 15.0  # seconds without any change, after which a namespace that is to go is held by something

_OURS = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())


def remove_namespace(api: Api, name: str, seconds: float = READ_TIMEOUT) -> None:
    """Ask for the deletion of a namespace; already gone is fine. Raises ApiError."""
    api.delete(f"/api/v1/namespaces/{name}", seconds=seconds)


def remove_all(api: Api, removals: Mapping[str, Callable[[], None]]) -> None:
    """Carry out the removal of each thing by its name, side by side and whatever becomes of the others.

    One that fails is tried again until the API's deadline, unless these credentials may not do it. Raises
    ApiError that says of all that is left why.
    """
    again = Retrying(
        retry=retry_if_exception(_passes),
        wait=wait_fixed(AGAIN),
        stop=lambda _: (api.deadline.left or 0.0) <= AGAIN,
        reraise=True,
    )

    def insist(remove: Callable[[], None]) -> str:
        try:
            again(remove)
        except ApiError as problem:
            return str(problem)
        return ""

    with ThreadPoolExecutor(len(removals), thread_name_prefix="remove") as pool:
        problems = dict(zip(removals, pool.map(insist, removals.values()), strict=True))
    left: dict[str, list[str]] = defaultdict(list)
    for name, problem in problems.items():
        if problem:
            left[problem].append(name)
    if left:
        told = (f"{', '.join(names)}: {problem}" for problem, names in left.items())
        raise ApiError(0, "NotRemoved", "; ".join(told))


def _passes(problem: BaseException) -> bool:
    """Whether what refused a removal may pass: missing rights do not."""
    return isinstance(problem, ApiError) and problem.status not in (401, 403)


@dataclass(frozen=True)
class Left:
    """A namespace of a run. ``ends`` is its deadline, None where kubecheck did not write one there."""

    name: str
    run: str
    ends: datetime | None
    deleting: bool


def left(api: Api) -> list[Left]:
    """The namespaces of all runs, those under way among them. Raises ApiError."""
    return [_left(item["metadata"]) for item in api.items("/api/v1/namespaces", labelSelector=_OURS)]


def requests_left(api: Api) -> dict[str, str]:
    """The rehearsals' CertificateSigningRequests that still stand, each with its run. Raises ApiError."""
    items = api.items(REQUESTS, labelSelector=_OURS)
    return {item["metadata"]["name"]: item["metadata"]["labels"].get(RUN_LABEL, "") for item in items}


def remove_forgotten(api: Api, now: datetime) -> None:
    """Ask for the deletion of namespaces of runs that were killed, once their deadline has passed.

    Whoever may not list namespaces, or delete these, leaves them: they are not this run's matter.
    """
    try:
        for each in left(api):
            if not each.deleting and each.ends is not None and each.ends < now:
                remove_namespace(api, each.name)
    except ApiError:
        return


def still_standing(api: Api, run: str, seconds: float) -> dict[str, str]:
    """A run's namespaces that still stand, and what holds each of them. Raises ApiError.

    They are waited for as long as something becomes of them, ``seconds`` at most: where no controller-manager
    works, or an API behind the API server is dead, nothing does, and nobody is kept waiting for that.
    """
    selector = f"{RUN_LABEL}={run}"
    ends = time.monotonic() + seconds
    stalls = time.monotonic() + STALLED
    while True:
        page = api.get("/api/v1/namespaces", labelSelector=selector)
        standing = {item["metadata"]["name"]: _holding(item) for item in page.get("items") or ()}
        left = min(ends, stalls) - time.monotonic()
        if not standing or left <= 0:
            return standing
        version = page["metadata"]["resourceVersion"]
        for event in api.watch("/api/v1/namespaces", version, left, labelSelector=selector):
            if event["type"] == "ERROR":
                break
            stalls = time.monotonic() + STALLED
            if event["type"] == "DELETED":
                standing.pop(event["object"]["metadata"]["name"], None)
            if not standing:
                return {}


def _left(metadata: Json) -> Left:
    try:
        ends = datetime.fromisoformat((metadata.get("annotations") or {}).get(DEADLINE, ""))
    except ValueError:
        ends = None  # not written by kubecheck, whatever its labels say
    if ends is not None and ends.tzinfo is None:
        ends = None
    run = metadata["labels"].get(RUN_LABEL, "")
    return Left(metadata["name"], run, ends, bool(metadata.get("deletionTimestamp")))


def _holding(namespace: Json) -> str:
    """Why a namespace that is being deleted still stands, in the namespace controller's words."""
    for condition in namespace.get("status", {}).get("conditions") or ():
        if condition["status"] == "True" and condition.get("message"):
            return str(condition["message"])
    return "nobody says why; the controller-manager removes namespaces"
