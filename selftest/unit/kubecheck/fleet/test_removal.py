"""Waiting until a run's namespaces are gone: as long as something becomes of them, and no longer."""

import time

import pytest

from kubecheck.fleet import removal
from kubecheck.fleet.removal import still_standing


def namespace(name, *messages):
    conditions = [{"status": "True", "message": message} for message in messages]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


class Cluster:
    """Namespaces that go, change or stay: what each watch sends is given."""

    def __init__(self, there, *watches):
        self.there = {item["metadata"]["name"]: item for item in there}
        self.watches = list(watches)

    def get(self, _path, **_selectors):
        return {"items": list(self.there.values()), "metadata": {"resourceVersion": "1"}}

    def watch(self, _path, _version, seconds, **_selectors):
        if not self.watches:
            time.sleep(seconds)
            return
        for kind, item in self.watches.pop(0):
            if kind == "DELETED":
                self.there.pop(item["metadata"]["name"])
            yield {"type": kind, "object": item}


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(removal, "STALLED", 0.05)


def test_namespaces_that_go_are_gone():
    a, b = namespace("a"), namespace("b")
    cluster = Cluster([a, b], [("MODIFIED", a), ("DELETED", a)], [("DELETED", b)])
    assert still_standing(cluster, "r", 5) == {}


def test_one_that_nobody_works_on_is_told_at_once_with_its_reason():
    begun = time.monotonic()
    held = namespace("a", "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1")
    assert still_standing(Cluster([held]), "r", 60) == {
        "a": "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1"
    }
    assert "controller-manager" in still_standing(Cluster([namespace("a")]), "r", 60)["a"]
    assert time.monotonic() - begun < 5


def test_a_watch_that_ends_is_not_the_end_of_waiting():
    a = namespace("a")
    gone = [("ERROR", {"code": 410})]
    assert still_standing(Cluster([a], gone, [("MODIFIED", a)], [("DELETED", a)]), "r", 5) == {}
