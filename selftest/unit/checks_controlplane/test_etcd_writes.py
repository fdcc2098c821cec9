"""Percentiles of etcd's writes from an API server's metrics."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.cluster.etcd import etcd_writes, quantile

# From a kube-apiserver 1.37.2.
PAGE = """\
# TYPE etcd_request_duration_seconds histogram
etcd_request_duration_seconds_bucket{operation="get",resource="leases",le="0.005"} 81
etcd_request_duration_seconds_bucket{operation="get",resource="leases",le="+Inf"} 100
etcd_request_duration_seconds_bucket{operation="update",resource="leases",le="0.005"} 66
etcd_request_duration_seconds_bucket{operation="update",resource="leases",le="0.025"} 182
etcd_request_duration_seconds_bucket{operation="update",resource="leases",le="0.05"} 187
etcd_request_duration_seconds_bucket{operation="update",resource="leases",le="+Inf"} 190
etcd_request_duration_seconds_sum{operation="update",resource="leases"} 3.1
etcd_request_duration_seconds_bucket{operation="create",type="*core.Event",le="0.005"} 10
etcd_request_duration_seconds_bucket{operation="create",type="*core.Event",le="0.025"} 10
etcd_request_duration_seconds_bucket{operation="create",type="*core.Event",le="0.05"} 10
etcd_request_duration_seconds_bucket{operation="create",type="*core.Event",le="+Inf"} 10
"""


def test_writes_of_all_resources_count_together_and_reads_do_not():
    found = etcd_writes(PAGE.splitlines())
    assert found.count == 200
    # 100 of 200: 24 of the 116 between 5 and 25 ms.
    assert found.p50 == pytest.approx(0.005 + 0.020 * 24 / 116, abs=1e-4)
    assert 0.005 < found.p50 < found.p90 <= found.p99 <= 0.05


def test_what_is_above_the_last_bound_counts_as_that_bound():
    assert quantile({0.005: 1, inf: 100}, 0.9) == 0.005


def test_a_page_without_writes_is_no_measurement():
    with pytest.raises(ValueError, match="no writes"):
        etcd_writes(PAGE.splitlines()[:3])


@given(st.lists(st.floats(0.0001, 50), min_size=1), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_that_holds_it(times, share):
    bounds = [0.005, 0.025, 0.1, 1.0, 60.0]
    below = {bound: sum(time <= bound for time in times) for bound in bounds} | {inf: len(times)}
    exact = sorted(times)[max(0, -(-int(share * len(times) * 1e6) // 10**6) - 1)]
    holding = next(bound for bound in bounds if exact <= bound)
    lower = max([0.0, *(bound for bound in bounds if bound < holding)])
    assert lower - 1e-9 <= quantile(below, share) <= 60.0
