"""One fleet for several shards: what another has made is as good as made, and the last one takes all away."""

import pytest

from kubecheck.fleet.creating import FleetProblem, creator
from kubecheck.fleet.sharing import is_last
from kubecheck.shard import Shard

SERVICES = "/api/v1/namespaces/ns/services"
MARKS = "/api/v1/namespaces/ns/configmaps"
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


@pytest.mark.parametrize(
    ("marks", "last"),
    [(["left-1"], False), (["left-1", "left-2"], False), (["left-2", "left-1", "left-3"], True)],
)
@pytest.mark.parametrize("answer", [(201, {}), THERE])
def test_the_last_is_who_finds_the_marks_of_all(api, server, marks, last, answer):
    items = [{"metadata": {"name": name}} for name in marks]
    server.pages[MARKS] = by_method(server, POST=answer, GET=(200, {"items": items}))
    assert is_last(api, "ns", "r1", Shard(1, 3)) is last
    assert server.asked[0][3]["metadata"]["name"] == "left-1"


def test_where_there_is_no_namespace_nobody_is_waited_for(api):
    assert is_last(api, "ns", "r1", Shard(1, 3)) is True
