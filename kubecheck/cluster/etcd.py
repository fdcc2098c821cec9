"""etcd, as the API server that answers sees it: how long its writes take."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from kubecheck.cluster.api import Api

WRITES = {"create", "update", "delete"}
_BUCKET = re.compile(r'operation="(?P<operation>\w+)".*?le="(?P<bound>[^"]+)"\} (?P<count>\S+)')


@dataclass(frozen=True)
class EtcdWrites:
    """How long writes took since the API server started, in seconds: the median and two percentiles."""

    count: int
    p50: float
    p90: float
    p99: float


def read_etcd_writes(api: Api) -> EtcdWrites:
    """From the metric etcd_request_duration_seconds. Raises ApiError, and ValueError without writes."""
    return etcd_writes(api.text("/metrics").splitlines())


def etcd_writes(lines: Iterable[str]) -> EtcdWrites:
    """All resources' writes in a metrics page together. Raises ValueError when there is none."""
    below: Counter[float] = Counter()
    for line in lines:
        if not line.startswith("etcd_request_duration_seconds_bucket{"):
            continue
        found = _BUCKET.search(line)
        if found and found["operation"] in WRITES:
            below[float(found["bound"])] += int(float(found["count"]))
    count = below.get(inf, 0)
    if not count:
        raise ValueError("the API server has measured no writes to etcd")
    return EtcdWrites(count, *(round(quantile(below, q), 4) for q in (0.5, 0.9, 0.99)))


def quantile(below: Mapping[float, int], share: float) -> float:
    """The ``share`` quantile of a cumulative histogram, linear inside a bucket as Prometheus reckons.

    What lies above the last finite bound counts as that bound.
    """
    wanted = share * below[inf]
    lower, seen = 0.0, 0
    for bound, count in sorted(below.items()):
        if count >= wanted and count > seen:
            return lower if bound == inf else lower + (bound - lower) * (wanted - seen) / (count - seen)
        if bound != inf:
            lower, seen = bound, count
    return lower
