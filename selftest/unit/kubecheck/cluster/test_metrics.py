"""Rows of kubectl top: one that is missing once is waited for, one that cannot come is not."""

import time
from dataclasses import replace

import pytest

from kubecheck.cluster import metrics
from kubecheck.cluster.objects import Condition, Pod, Usage

ROWS = "/apis/metrics.k8s.io/v1beta1"
SAMPLED = "2026-11-24T12:00:00Z"
LONG_AGO = "2026-11-24T08:00:00Z"
MEASURED = {"node1": Usage(0.1, 1e9, SAMPLED), "node2": Usage(0.1, 1e9, SAMPLED)}
PODS = tuple(
    Pod("default", name, "node1", "Running", True, "", False, started=LONG_AGO) for name in ("a", "b")
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(metrics, "PAUSE", 0.05)
    monkeypatch.setattr(metrics, "PATIENCE", 0.4)


@pytest.fixture
def rows(server):
    """Lets each reading hold the rows of these pods, the last of them for ever; says how many were made."""

    def give(*readings):
        made = []

        def page(_query):
            made.append(1)
            names = readings[min(len(made), len(readings)) - 1]
            usage = {"cpu": "5m", "memory": "9Mi"}
            items = [
                {
                    "metadata": {"namespace": "default", "name": name},
                    "timestamp": SAMPLED,
                    "containers": [{"usage": usage}],
                }
                for name in names
            ]
            return 200, {"items": items, "metadata": {}}

        server.pages[f"{ROWS}/pods"] = page
        return made

    return give


@pytest.fixture
def node_rows(server):
    """The same for readings of nodes."""

    def give(*readings):
        made = []

        def page(_query):
            made.append(1)
            names = readings[min(len(made), len(readings)) - 1]
            items = [
                {"metadata": {"name": name}, "timestamp": SAMPLED, "usage": {"cpu": "1", "memory": "1Gi"}}
                for name in names
            ]
            return 200, {"items": items, "metadata": {}}

        server.pages[f"{ROWS}/nodes"] = page
        return made

    return give


def read(api, facts, pods=PODS, measured=MEASURED, nodes=None):
    return set(metrics.read_pod_usage(api, nodes or facts.nodes, pods, measured, metrics.patience(api)))


def read_nodes(api, facts, **changes):
    nodes = (facts.nodes[0], replace(facts.nodes[1], **changes))
    return set(metrics.read_node_usage(api, nodes, metrics.patience(api)))


def test_a_node_whose_row_is_missing_once_is_waited_for(api, node_rows, facts):
    made = node_rows(["node1"], ["node1"], ["node1", "node2"])
    assert read_nodes(api, facts) == {"node1", "node2"}
    assert len(made) == 3


def test_a_node_whose_row_stays_away_is_not_waited_for_longer(api, node_rows, facts):
    made = node_rows(["node1"])
    begun = time.monotonic()
    assert read_nodes(api, facts) == {"node1"}
    assert time.monotonic() - begun < 5
    assert len(made) > 2


def test_a_node_that_is_not_ready_and_no_rows_at_all_are_not_waited_for(api, node_rows, facts):
    made = node_rows(["node1"])
    read_nodes(api, facts, conditions=(Condition("Ready", "Unknown"),))
    assert len(made) == 1
    made = node_rows([])
    assert read_nodes(api, facts) == set()
    assert len(made) == 1


def test_pods_have_what_nodes_have_left_of_the_time(api, rows, facts):
    made = rows("a")
    assert set(metrics.read_pod_usage(api, facts.nodes, PODS, MEASURED, time.monotonic())) == {"default/a"}
    assert len(made) == 1


def test_complete_rows_are_read_once(api, rows, facts):
    made = rows("ab")
    assert read(api, facts) == {"default/a", "default/b"}
    assert len(made) == 1


def test_a_row_that_is_missing_once_is_waited_for(api, rows, facts):
    made = rows("a", "a", "ab")
    assert read(api, facts) == {"default/a", "default/b"}
    assert len(made) == 3


def test_a_row_that_stays_away_is_not_waited_for_longer(api, rows, facts):
    made = rows("a")
    begun = time.monotonic()
    assert read(api, facts) == {"default/a"}
    assert time.monotonic() - begun < 5
    assert len(made) > 2


@pytest.mark.parametrize(
    "changes",
    [{"started": "2026-11-24T11:59:00Z"}, {"ended": "2026-11-24T11:59:00Z"}, {"ready": False},
     {"deleted": SAMPLED}, {"phase": "Succeeded"}, {"node": "node3"}],
    ids=str,
)  # fmt: skip
def test_a_pod_that_need_not_have_a_row_is_not_waited_for(api, rows, facts, changes):
    made = rows("a")
    read(api, facts, (PODS[0], replace(PODS[1], **changes)))
    assert len(made) == 1


def test_a_node_that_is_not_measured_or_not_ready_is_not_waited_for(api, rows, facts):
    made = rows("a")
    read(api, facts, measured={})
    read(api, facts, nodes=[replace(facts.nodes[0], conditions=(Condition("Ready", "Unknown"),))])
    assert len(made) == 2


def test_no_rows_at_all_are_not_waited_for(api, rows, facts):
    made = rows("")
    assert read(api, facts) == set()
    assert len(made) == 1
