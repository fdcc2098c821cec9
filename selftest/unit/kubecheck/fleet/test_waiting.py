"""What is said of replicas that do not come up: on which node each of them hangs."""

import threading
import time

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.fleet.waiting import wait_for_pods


def peer(name, node="", ready=False, reason="ImagePullBackOff"):
    """A replica that is ready, or hangs on ``node``."""
    state = {"waiting": {"reason": reason, "message": "no"}}
    status = {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
    if not ready:
        status = {"phase": "Pending", "containerStatuses": [{"state": state}]}
    return {
        "metadata": {"namespace": "peers", "name": name},
        "spec": {"nodeName": node} if node else {},
        "status": status,
    }


class Api:
    """An API server with these pods, in which nothing happens."""

    def __init__(self, *pods):
        self.pods = pods

    def get(self, path, **query):
        return {"metadata": {"resourceVersion": "1"}, "items": list(self.pods)}

    def items(self, path, **query):
        return []

    def watch(self, path, version, seconds, **query):
        return iter(())


def problem(*pods, api=Api):
    found = wait_for_pods(
        api(*pods), "a=b", [], peers=len(pods), peer_namespace="peers", seconds=0.05, stop=threading.Event(),
        started=time.monotonic(), count=lambda ready: None,
    )  # fmt: skip
    return found.peer_problem


def test_the_node_of_a_replica_that_hangs_is_named():
    said = problem(peer("a", "n1", ready=True), peer("b", "n2"))
    assert said.startswith("1 of 2 replicas are ready")
    assert "on node n2: ImagePullBackOff: no" in said
    assert "n1" not in said


def test_one_that_no_scheduler_has_placed_has_none():
    assert "(no scheduler has looked at it yet" in problem(peer("a", reason="ContainerCreating"))


def test_all_ready_is_no_problem():
    assert problem(peer("a", "n1", ready=True)) == ""


class Lost(Api):
    """One that is out of reach as soon as it has told of its pods once."""

    def watch(self, path, version, seconds, **query):
        raise ApiError(0, "Unreachable", "no answer in time")


def test_pods_that_cannot_be_watched_are_not_said_to_fail():
    with pytest.raises(ApiError, match="no answer in time"):
        problem(peer("a", "n1", reason="ContainerCreating"), api=Lost)
