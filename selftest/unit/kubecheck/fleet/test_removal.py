"""A run takes away all that it made, and waits until it is gone: as long as something becomes of it."""

import threading
import time
from types import SimpleNamespace

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.deadline import Deadline
from kubecheck.fleet import Fleet, removal
from kubecheck.fleet.removal import still_standing
from kubecheck.plugin.end import _remove
from kubecheck.policy import Policy
from kubecheck.shard import WHOLE, Shard


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
    monkeypatch.setattr(removal, "AGAIN", 0.01)


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


REQUEST = "/apis/certificates.k8s.io/v1/certificatesigningrequests/kubecheck-r1-rehearsal"
POD, PEER, NODE = (f"/api/v1/namespaces/kubecheck-r1{kind}" for kind in ("", "-peer", "-node"))
LEADER = ApiError(500, "InternalError", "etcdserver: leader changed")
LOST = ApiError(0, "NoAnswer", "https://192.168.232.236:8443: no answer in time")
FORBIDDEN = ApiError(403, "Forbidden", "namespaces is forbidden")
ALWAYS = 1000  # times


class Refusing:
    """Deletes what is there, after it has failed so often, by path; ``shards`` says where others are."""

    def __init__(self, failures=None, shards=None, seconds=0.5):
        self.failures = {path: [problem] * times for path, (problem, times) in (failures or {}).items()}
        self.shards = dict(shards or {})
        self.there = {POD, PEER, NODE, REQUEST}
        self.deadline = Deadline(seconds)
        self.asked = []

    def _may_fail(self, path):
        self.asked.append(path)
        if self.failures.get(path):
            raise self.failures[path].pop()

    def delete(self, path, **_options):
        self._may_fail(path)
        self.there.discard(path)

    def patch(self, path, body, **_options):
        self._may_fail(path)
        self.shards |= body["data"]
        return {"metadata": {"resourceVersion": "1"}, "data": dict(self.shards)}


def stood(api, facts, shard=WHOLE):
    """A fleet that has made all of its objects."""
    fleet = Fleet(api, Policy(), facts, "r1", shard=shard)
    fleet._touched = fleet.rehearsing._created = True
    return fleet


@pytest.mark.parametrize("path", [POD, PEER, NODE, REQUEST])
@pytest.mark.parametrize("problem", [LEADER, LOST], ids=["refused", "lost"])
def test_a_deletion_that_fails_is_asked_for_again(facts, path, problem):
    api = Refusing({path: (problem, 2)})
    stood(api, facts).remove()
    assert api.there == set()
    assert sorted(api.asked) == sorted([POD, PEER, NODE, REQUEST, path, path])


@pytest.mark.parametrize("path", [POD, PEER, NODE, REQUEST])
def test_one_that_never_succeeds_keeps_no_other(facts, path):
    api = Refusing({path: (LEADER, ALWAYS)}, seconds=0.1)
    begun = time.monotonic()
    with pytest.raises(ApiError, match=f"{path.rpartition('/')[2]}: etcdserver: leader changed"):
        stood(api, facts).remove()
    assert api.there == {path}
    assert time.monotonic() - begun < 1


def test_what_is_left_for_one_reason_is_told_together_with_what_to_do(facts):
    api = Refusing(dict.fromkeys((POD, PEER, NODE, REQUEST), (LOST, ALWAYS)), seconds=0.1)
    run = SimpleNamespace(fleet=stood(api, facts), id="r1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kubecheck.plugin.end.REMOVE", 0.1)
        assert _remove(run) == (
            "kubecheck could not ask for the removal of all that it made: Namespace kubecheck-r1,"
            " Namespace kubecheck-r1-peer, Namespace kubecheck-r1-node,"
            " CertificateSigningRequest kubecheck-r1-rehearsal:"
            " https://192.168.232.236:8443: no answer in time."
            " By hand: kubectl delete namespaces,certificatesigningrequests -l kubecheck.dev/run=r1"
        )


@pytest.mark.parametrize(("problem", "seconds"), [(FORBIDDEN, 60), (LEADER, None)])
def test_where_that_makes_no_sense_or_would_have_no_end_nothing_is_asked_again(facts, problem, seconds):
    api = Refusing({PEER: (problem, ALWAYS)}, seconds=seconds)
    with pytest.raises(ApiError, match=f"^Namespace kubecheck-r1-peer: {problem}$"):
        stood(api, facts).remove()
    assert sorted(api.asked) == sorted([POD, PEER, NODE, REQUEST])


@pytest.mark.parametrize(("other", "left"), [("here", {POD, PEER, NODE}), ("left", set())])
def test_a_shard_that_could_not_take_leave_at_once_tries_again(facts, other, left):
    api = Refusing({f"{NODE}/configmaps/kubecheck-shards": (LEADER, 2)}, {"2": other})
    fleet = stood(api, facts, Shard(1, 2))
    fleet.remove()
    assert api.there == left
    assert api.shards["1"] == "left"
    if left:
        assert fleet.left(1) == {}, "they are not this shard's to wait for"


def test_what_is_being_made_meanwhile_is_removed_too(facts):
    api = Refusing()
    fleet = Fleet(api, Policy(), facts, "r1")
    with fleet._lock:
        removing = threading.Thread(target=fleet.remove)
        removing.start()
        fleet._touched = True
    removing.join(5)
    assert api.there == {REQUEST}
