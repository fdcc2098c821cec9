"""Load on the API servers: counted, bounded, and patient where they ask for it; and what silence is."""

import socket
import threading
import time

import pytest

from kubecheck.cluster import api as module
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import ConnectionProblem, connect
from kubecheck.cluster.discover import discover
from kubecheck.cluster.errors import refused
from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.policy import Policy


@pytest.fixture
def busy(server):
    """Lets a path answer ``status`` with ``Retry-After`` so many times, and then well."""

    def make(path, times, status=429, after="0"):
        left = [times]

        def page(_query):
            if not left[0]:
                return 200, {"fine": True}
            left[0] -= 1

            def answer(handler):
                handler.send_response(status)
                if after is not None:
                    handler.send_header("Retry-After", after)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            return status, answer

        server.pages[path] = page

    return make


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(api, server, busy, status):
    busy("/x", 2, status, after="1")
    begun = time.monotonic()
    assert api.create("/x", {"kind": "Pod"}) == {"fine": True}
    assert 2 <= time.monotonic() - begun < 4
    assert [body for *_, body, _ in server.asked] == [{"kind": "Pod"}] * 3
    assert (api.requests.by_verb, api.requests.repeated) == ({"POST": 3}, 2)


def test_a_server_that_stays_busy_is_asked_a_few_times(api, server, busy):
    busy("/x", 99)
    with pytest.raises(ApiError) as problem:
        api.get("/x")
    assert problem.value.status == 429
    assert len(server.asked) == 1 + module.REPEATS


def test_it_is_not_waited_for_longer_than_the_request_may_take(api, server, busy):
    busy("/x", 99, after="60")
    begun = time.monotonic()
    with pytest.raises(ApiError):
        api._request("GET", "/x", {}, timeout=(5, 0.3))
    assert time.monotonic() - begun < 2
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "after"), [(503, None), (500, "1"), (403, "1"), (502, None)])
def test_nothing_else_is_asked_again(api, server, busy, status, after):
    busy("/x", 1, status, after)
    with pytest.raises(ApiError):
        api.get("/x")
    assert len(server.asked) == 1


def test_without_a_time_too_many_requests_is_a_second():
    assert refused(429, b"").patience == 1.0
    assert refused(503, b"", "Wed, 21 Oct 2026 07:28:00 GMT").patience is None


def test_so_many_requests_are_under_way_and_no_more(server, kubeconfig, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 4)
    api = connect(kubeconfig(port=server.server_port), None)
    lock, under_way, most = threading.Lock(), [0], [0]

    def page(_query):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.02)
        with lock:
            under_way[0] -= 1
        return 200, {}

    server.pages["/x"] = page
    threads = [threading.Thread(target=api.get, args=("/x",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 4
    assert api.requests.by_verb == {"GET": 20}


def test_what_several_processes_asked_is_one_count():
    ours, theirs = RequestsMade({"GET": 2}), RequestsMade({"GET": 1, "WATCH": 1}, repeated=1)
    ours.add(RequestsMade(**theirs.as_json()))
    assert (ours.total, ours.by_verb, ours.repeated) == (4, {"GET": 3, "WATCH": 1}, 1)
    assert (
        str(ours) == "4 requests to the API: 3 GET, 1 WATCH; 1 of them again, because an API server was busy"
    )


def test_silence_and_a_refused_connection_are_two_things(kubeconfig):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = connect(kubeconfig(port=listener.getsockname()[1]), None)
        with pytest.raises(ApiError, match="no answer in time") as silent:
            api._request("GET", "/version", {}, timeout=(0.2, 0.2))
    with pytest.raises(ApiError, match="connection refused") as gone:
        api.get("/version")
    assert (silent.value.silence, gone.value.silence) == (True, False)
    assert silent.value.unreachable
    assert gone.value.unreachable


@pytest.mark.parametrize(("silences", "tries"), [(1, 2), (2, 2)])
def test_a_first_request_without_an_answer_is_asked_once_more(api, monkeypatch, silences, tries):
    asked = []

    def get(path, **_query):
        asked.append(path)
        if len(asked) <= silences:
            raise ApiError(0, module.SILENCE, "no answer in time")
        raise ApiError(403, "Forbidden", "it answered")

    monkeypatch.setattr(api, "get", get)
    with pytest.raises(ConnectionProblem, match="it answered" if silences == 1 else "cannot be reached"):
        discover(api, Policy())
    assert asked == ["/version"] * tries


def test_a_refused_connection_is_told_at_once(kubeconfig):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = connect(kubeconfig(port=taken.getsockname()[1]), None)
        with pytest.raises(ConnectionProblem, match="connection refused"):
            discover(api, Policy())
    assert api.requests.total == 1
