"""One fleet for several shards: what another has made is as good as made, and the last one takes all away."""

import re
from types import SimpleNamespace

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.needed import SHARDS
from kubecheck.fleet import Fleet, sharing
from kubecheck.fleet.creating import FleetProblem, creator
from kubecheck.fleet.sharing import Sharing
from kubecheck.plugin.end import _remove_late
from kubecheck.policy import Policy
from kubecheck.shard import Shard

SERVICES = "/api/v1/namespaces/ns/services"
MEETING = "/api/v1/namespaces/ns/configmaps"
NAMESPACES = "/api/v1/namespaces"
THERE = (409, {"reason": "AlreadyExists", "message": "it exists"})


def service(**more):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "probe"}, **more}


def by_method(server, **answers):
    """Answers a path by method: what is asked last is the last that was noted."""
    return lambda _query: answers[server.asked[-1][0]]


def test_a_service_that_another_shard_made_is_read(api, server):
    made = {"metadata": {"name": "probe"}, "spec": {"clusterIP": "10.96.0.7"}}
    server.pages[SERVICES] = by_method(server, POST=THERE, GET=(200, {"items": [made]}))
    with creator(api, shared=True) as create:
        assert create.create("ns", service()) == {"kind": "Service", **made}
    assert server.asked[-1][2]["fieldSelector"] == "metadata.name=probe"


def test_of_anything_else_the_wanted_form_will_do(api, server):
    server.pages["/api/v1/namespaces/ns/pods"] = THERE
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}}
    with creator(api, shared=True) as create:
        assert create.create("ns", pod) == pod


@pytest.mark.parametrize(
    ("shared", "answer"),
    [(False, THERE), (True, (403, {"reason": "Forbidden", "message": "no"}))],
)
def test_everything_else_that_is_refused_is_told(api, server, shared, answer):
    server.pages[SERVICES] = answer
    with (
        creator(api, shared=shared) as create,
        pytest.raises(FleetProblem, match="Service probe was refused"),
    ):
        create.create("ns", service())


class Meeting:
    """The ConfigMap of the shards, as an API server keeps it."""

    def __init__(self, api):
        self.api = api
        self.body = None
        self.version = 0
        self.ending = False
        self.loses = 0
        """So many of the next answers are lost, though what was asked for is done."""

    def __call__(self, _query):
        method, _, _, body, _ = self.api.asked[-1]
        if self.ending and method == "POST":
            causes = [{"reason": "NamespaceTerminating", "message": "namespace ns is being terminated"}]
            return 403, {"reason": "Forbidden", "message": "no new content", "details": {"causes": causes}}
        if method == "POST" and self.body:
            return THERE
        if method == "PATCH":
            assert self.api.headers[-1]["Content-Type"] == "application/merge-patch+json"
            if not self.body:
                return 404, {"reason": "NotFound", "message": "no such thing"}
            if body.get("metadata", {}).get("resourceVersion", self.version) != self.version:
                return 409, {"reason": "Conflict", "message": "the object has been modified"}
        data = (self.body or {}).get("data", {}) | body.get("data", {})
        if not self.body or data != self.body["data"]:
            self.version = f"v{len(self.api.asked)}"
        self.body = {"metadata": {"name": SHARDS, "resourceVersion": self.version}, "data": data}
        if self.loses:
            self.loses -= 1
            return 504, {"reason": "Timeout", "message": "request did not complete"}
        return 200, self.body


@pytest.fixture
def meeting(server):
    """Where the shards meet."""
    found = Meeting(server)
    server.pages[MEETING] = server.pages[f"{MEETING}/{SHARDS}"] = found
    return found


@pytest.fixture
def shard(api, meeting, monkeypatch):
    """Makes a shard of three, which waits for none that has not come; ``patience`` lets it."""
    monkeypatch.setattr(sharing, "PATIENCE", 0.0)

    def make(number, patience=0.0, of=3):
        monkeypatch.setattr(sharing, "PATIENCE", patience)
        return Sharing(api, "ns", "r1", Shard(number, of))

    return make


def take_leave(shard):
    """Whether the namespaces are its to remove, now that it has left."""
    shard.leave()
    return not shard.awaited and shard.takes_away()


def test_the_last_to_leave_takes_the_namespaces_away(shard):
    three = [shard(number, patience=60) for number in (1, 2, 3)]
    assert [each.arrive() for each in three] == [True] * 3
    assert not take_leave(three[1])
    assert three[1].told() == "the namespaces of run r1 are left to the shards that are still here: 1/3, 3/3"
    assert not take_leave(three[0])
    assert take_leave(three[2])
    assert three[2].told() == ""


def test_what_was_claimed_is_ones_own_though_the_answer_was_lost(shard, meeting):
    alone = shard(1, of=1)
    assert alone.arrive()
    alone.leave()
    meeting.loses = 1
    with pytest.raises(ApiError, match="did not complete"):
        alone.takes_away()
    assert alone.takes_away()


def test_of_those_that_leave_at_the_same_time_one_is_the_last(shard):
    two = [shard(number, of=2) for number in (1, 2)]
    for each in two:
        each.arrive()
    for each in two:
        each.leave()
    assert [each.takes_away() for each in two] == [False, True]


def test_one_that_is_run_again_after_the_others_have_ended_waits_for_nobody_in_the_end(shard):
    again = shard(3, patience=60)
    again.arrive()
    assert not take_leave(again)
    assert 50 < again.awaited <= 60
    assert re.fullmatch(
        r"the namespaces of run r1 go in (59|60) s unless these shards come: 1/3, 2/3", again.told()
    )
    assert again.takes_away()


def test_one_that_comes_in_time_is_left_the_fleet(shard):
    early, late = shard(1, patience=60), shard(2, patience=60)
    early.arrive()
    early.leave()
    assert early.awaited
    assert late.arrive()
    assert not early.takes_away()
    assert early.told() == "the namespaces of run r1 are left to the shards that are still here: 2/3"
    late.leave()
    assert late.takes_away()


def test_of_two_that_wait_for_a_third_one_takes_the_namespaces_away(shard):
    early, late = shard(1, patience=60), shard(2, patience=60)
    early.arrive()
    early.leave()
    late.arrive()
    late.leave()
    assert early.awaited
    assert late.awaited
    assert early.takes_away()
    assert not late.takes_away()


def test_whoever_comes_once_the_namespaces_go_finds_it_said(shard, meeting):
    first, second = shard(1), shard(2)
    first.arrive()
    assert take_leave(first)
    assert not second.arrive()
    assert not take_leave(second), "they are another's to remove"
    meeting.ending, meeting.body = True, None
    assert not second.arrive()


def test_one_that_is_run_again_while_the_others_are_here_is_here(shard):
    two = [shard(number, of=2) for number in (1, 2)]
    for each in two:
        each.arrive()
    assert not take_leave(two[0])
    again = shard(1, of=2)
    assert again.arrive()
    assert not take_leave(two[1])
    assert take_leave(again)


def test_one_that_was_killed_is_left_the_namespaces_until_it_is_run_again(shard):
    killed, other = shard(1, of=2), shard(2, of=2)
    killed.arrive()
    other.arrive()
    assert not take_leave(other)
    assert other.told().endswith("still here: 1/2")
    again = shard(1, of=2)
    again.arrive()
    assert take_leave(again)


def test_where_nobody_ever_met_nobody_is_waited_for(shard):
    alone = shard(1, patience=60)
    assert take_leave(alone)


def test_what_else_is_refused_is_told(shard, server):
    server.pages[MEETING] = (403, {"reason": "Forbidden", "message": "no configmaps for you"})
    with pytest.raises(ApiError, match="no configmaps for you"):
        shard(1).arrive()
    server.pages[f"{MEETING}/{SHARDS}"] = (403, {"reason": "Forbidden", "message": "no patches for you"})
    with pytest.raises(ApiError, match="no patches for you"):
        shard(1).leave()


class Namespaces:
    """The namespaces of run r1: what is there already is going, and gone when one has looked twice."""

    def __init__(self, api, going):
        self.api = api
        self.there = dict.fromkeys(going, "now")
        self.looks = 0

    def __call__(self, query):
        method, _, _, body, _ = self.api.asked[-1]
        if method == "POST":
            self.there[body["metadata"]["name"]] = None
            return 201, body
        if query.get("labelSelector") == "kubecheck.dev/run=r1":
            self.there = {name: going for name, going in self.there.items() if not going}
        labels = {"kubecheck.dev/run": "r1"}
        items = [
            {"metadata": {"name": name, "labels": labels, "deletionTimestamp": going}}
            for name, going in self.there.items()
        ]
        return 200, {"items": items, "metadata": {"resourceVersion": "1"}}


@pytest.fixture
def fleet(api, server, facts, meeting):
    """A shard's fleet, whose namespaces are there, after some of an earlier one had to go."""
    server.pages[NAMESPACES] = namespaces = Namespaces(server, ["kubecheck-r1"])
    found = Fleet(api, Policy(), facts, "r1", shard=Shard(1, 2))
    server.pages[f"{NAMESPACES}/kubecheck-r1-node/configmaps"] = meeting
    server.pages[f"{NAMESPACES}/kubecheck-r1-node/configmaps/{SHARDS}"] = meeting
    with creator(api, shared=True) as create:
        found._create_namespaces(create)
    assert namespaces.there == dict.fromkeys(found.namespaces.values())
    for name in namespaces.there:
        server.pages[f"{NAMESPACES}/{name}"] = (200, {})
    return found


def deleted(server):
    return sorted(path.rpartition("/")[2] for method, path, *_ in server.asked if method == "DELETE")


@pytest.mark.parametrize("comes", [False, True])
def test_a_run_waits_at_its_end_for_a_shard_that_has_not_come(fleet, server, meeting, comes, monkeypatch):
    fleet.remove()
    assert fleet.unclaimed
    assert "unless these shards come: 2/2" in fleet.left_to
    assert fleet.left(0) == {}
    assert deleted(server) == []
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if comes:
            Sharing(fleet.api, "kubecheck-r1-node", "r1", Shard(2, 2)).arrive()
        else:
            raise KeyboardInterrupt  # from somebody who does not want to wait

    monkeypatch.setattr("kubecheck.plugin.end.time", SimpleNamespace(sleep=sleep))
    assert _remove_late(SimpleNamespace(fleet=fleet)) == ""
    assert 50 < slept[0] <= 60
    assert deleted(server) == ([] if comes else sorted(fleet.namespaces.values()))
    assert bool(fleet.left_to) is comes


def test_a_run_whose_shards_have_all_come_waits_for_nobody(fleet, server):
    other = Sharing(fleet.api, "kubecheck-r1-node", "r1", Shard(2, 2))
    other.arrive()
    other.leave()
    fleet.remove()
    assert fleet.left_to == ""
    assert deleted(server) == sorted(fleet.namespaces.values())
    assert not fleet.unclaimed
