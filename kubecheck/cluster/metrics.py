"""The metrics API: what metrics-server has measured of nodes and pods."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api
from kubecheck.cluster.objects import Node, Pod, Usage

ROWS = "/apis/metrics.k8s.io/v1beta1"
METRICS_SETTLED = 120  # seconds: two readings of the slowest --metric-resolution in use
METRICS_TIMEOUT = 10.0  # seconds; a pod answers, which may be cut off from the API server that asks it
PATIENCE = 35.0  # seconds: two readings of the usual --metric-resolution, after one that failed
PAUSE = 3.0  # seconds; this API cannot be watched


def patience(api: Api) -> float:
    """Until when (``time.monotonic``) missing rows are waited for, those of nodes and of pods together.

    metrics-server drops a row when one reading of a kubelet fails, or lacks it, and has it again after its
    reading after the next. Whatever keeps it from a node for good keeps it so for longer.
    """
    return time.monotonic() + api.deadline.within(PATIENCE)


def read_node_usage(api: Api, nodes: Iterable[Node], until: float) -> dict[str, Usage]:
    """The rows of ``kubectl top node``, by node. Raises ApiError.

    Where there are rows, and none of a Ready node, it is asked again ``until`` then.
    """
    healthy = {node.name for node in nodes if node.ready}
    return _complete(
        lambda: dict(parse.node_usage(item) for item in api.items(f"{ROWS}/nodes", seconds=METRICS_TIMEOUT)),
        lambda rows: not rows or healthy <= rows.keys(),
        until,
    )


def read_pod_usage(
    api: Api, nodes: Iterable[Node], pods: Iterable[Pod], measured: Mapping[str, Usage], until: float
) -> dict[str, Usage]:
    """The rows of ``kubectl top pod``, by ``namespace/name``. Raises ApiError.

    Where a Ready node is measured (``measured`` has its row) and one of its settled pods is not, it is asked
    again ``until`` then.
    """
    healthy = {node.name for node in nodes if node.ready} & set(measured)
    there = [pod for pod in pods if pod.node in healthy]
    return _complete(
        lambda: dict(parse.pod_usage(item) for item in api.items(f"{ROWS}/pods", seconds=METRICS_TIMEOUT)),
        lambda rows: all(pod.full_name in rows for pod in settled_pods(there, rows)),
        until,
    )


def _complete(
    read: Callable[[], dict[str, Usage]], complete: Callable[[dict[str, Usage]], bool], until: float
) -> dict[str, Usage]:
    while True:
        rows = read()
        if complete(rows) or time.monotonic() + PAUSE > until:
            return rows
        time.sleep(PAUSE)


def settled_pods(pods: Iterable[Pod], rows: Mapping[str, Usage]) -> list[Pod]:
    """The pods that have run for two minutes by the time of the latest of ``rows``, if there is one.

    A younger pod or container may not have been read twice yet, which its CPU figure needs.
    """
    latest = max((datetime.fromisoformat(usage.sampled) for usage in rows.values()), default=None)

    def age(pod: Pod) -> float:
        begun = max(datetime.fromisoformat(when) for when in (pod.started, pod.ended) if when)
        return (latest - begun).total_seconds() if latest else 0.0

    running = [pod for pod in pods if pod.phase == "Running" and pod.ready and not pod.deleted]
    return [pod for pod in running if pod.started and age(pod) > METRICS_SETTLED]
