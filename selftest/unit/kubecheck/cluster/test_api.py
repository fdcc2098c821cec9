import json
import socket
import threading
import time

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import connect


def problem_of(call, *arguments, **query):
    with pytest.raises(ApiError) as problem:
        call(*arguments, **query)
    return problem.value


def test_an_object_is_got_with_its_query(api, server):
    server.pages["/api/v1/nodes/a"] = (200, {"kind": "Node", "spec": {"x": [1]}})
    assert api.get("/api/v1/nodes/a", pretty=1, labelSelector="a=b,c in (d)") == {
        "kind": "Node",
        "spec": {"x": [1]},
    }
    method, path, query, _, token = server.asked[0]
    assert (method, path, token) == ("GET", "/api/v1/nodes/a", "Bearer secret")
    assert query == {"pretty": "1", "labelSelector": "a=b,c in (d)"}


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (401, "Unauthorized", "Unauthorized"),
        (403, "Forbidden", 'nodes is forbidden: User "x" cannot list resource "nodes"'),
        (404, "NotFound", 'nodes "a" not found'),
        (409, "AlreadyExists", "exists"),
        (422, "Invalid", "is invalid"),
        (500, "InternalError", "boom"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    ],
)
def test_a_refusal_has_the_servers_own_words(api, server, status, reason, message):
    server.pages["/x"] = (status, {"kind": "Status", "reason": reason, "message": message})
    problem = problem_of(api.get, "/x")
    assert (problem.status, problem.reason, str(problem)) == (status, reason, message)
    assert not problem.unreachable


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><body>502 Bad Gateway</body></html>", "502 Bad Gateway"),
        (b"", "HTTP 500"),
        (b"[1, 2]", "[1, 2]"),
        (b"null", "null"),
        (b"\xff\xfe", "\ufffd"),
        (b"{}", "{}"),
    ],
    ids=["html", "nothing", "list", "null", "binary", "empty object"],
)
def test_a_refusal_that_is_no_status_object_is_told_too(api, server, body, message):
    server.pages["/x"] = (500, body)
    problem = problem_of(api.get, "/x")
    assert problem.status == 500
    assert message in str(problem)
    assert len(str(problem)) <= 300


@pytest.mark.parametrize("body", [b"<html>login</html>", b"", b"[]", b'"text"', b"\xff", b"{" * 50])
def test_a_good_answer_that_is_no_object_is_refused_with_the_address(api, server, body):
    server.pages["/x"] = (200, body)
    problem = problem_of(api.get, "/x")
    assert problem.reason == "NotJson"
    assert f"{api.server}/x did not answer with" in str(problem)


def test_an_unknown_path_is_a_404(api):
    assert problem_of(api.get, "/nothing").status == 404


def test_a_list_is_read_page_by_page(api, server):
    def page(query):
        start = int(query.get("continue", "0"))
        following = str(start + 2) if start < 4 else ""
        return 200, {"items": [{"n": start}, {"n": start + 1}], "metadata": {"continue": following}}

    server.pages["/api/v1/pods"] = page
    assert [item["n"] for item in api.items("/api/v1/pods", labelSelector="a=b")] == [0, 1, 2, 3, 4, 5]
    assert [query.get("continue") for _, _, query, _, _ in server.asked] == [None, "2", "4"]
    assert all(query["labelSelector"] == "a=b" for _, _, query, _, _ in server.asked)


@pytest.mark.parametrize(
    "body", [{"items": None, "metadata": {}}, {"items": []}, {"metadata": {"continue": None}}]
)
def test_an_empty_list_is_an_empty_list(api, server, body):
    server.pages["/x"] = (200, body)
    assert api.items("/x") == []


def test_a_page_that_is_refused_fails_the_list(api, server):
    expired = (410, {"reason": "Expired", "message": "continue token expired"})
    first = (200, {"items": [{}], "metadata": {"continue": "1"}})
    server.pages["/x"] = lambda query: expired if "continue" in query else first
    assert problem_of(api.items, "/x").status == 410


def test_text_is_text(api, server):
    server.pages["/metrics"] = (200, "# ü\nx 1\n".encode() + b"\xff")
    assert api.text("/metrics") == "# ü\nx 1\n\ufffd"


def test_create_posts_the_object(api, server):
    server.pages["/api/v1/namespaces"] = (201, {"metadata": {"uid": "1"}})
    assert api.create("/api/v1/namespaces", {"kind": "Namespace"}) == {"metadata": {"uid": "1"}}
    method, _, _, body, _ = server.asked[0]
    assert (method, body) == ("POST", {"kind": "Namespace"})


def test_what_is_already_gone_is_deleted(api, server):
    api.delete("/gone")
    server.pages["/x"] = (200, {"kind": "Status"})
    api.delete("/x")
    assert [method for method, *_ in server.asked] == ["DELETE", "DELETE"]
    server.pages["/y"] = (403, {"message": "no"})
    assert problem_of(api.delete, "/y").status == 403


def test_nobody_listens(kubeconfig):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        problem = problem_of(connect(kubeconfig(port=taken.getsockname()[1]), None).get, "/version")
    assert problem.unreachable
    assert str(problem).endswith(": connection refused")


def test_a_server_that_is_no_http_server(kubeconfig):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet():
            client, _ = listener.accept()
            with client:
                client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                client.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        problem = problem_of(connect(kubeconfig(port=listener.getsockname()[1]), None).get, "/version")
        thread.join()
    assert problem.unreachable
    assert "SSH" in str(problem)


def test_a_server_that_hangs_up(api, server):
    server.pages["/x"] = (200, hang_up)
    assert problem_of(api.get, "/x").unreachable


def test_an_answer_that_breaks_off(api, server):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"items": [')
        hang_up(handler)

    server.pages["/x"] = (200, answer)
    assert problem_of(api.get, "/x").unreachable


def hang_up(handler):
    handler.close_connection = True
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def events(*chunks, end=True):
    """A watch's answer: ``chunks`` of its stream, then its proper end or a connection that breaks off."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            handler.wfile.flush()
        if end:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            hang_up(handler)

    return 200, answer


def event(number):
    return json.dumps({"type": "ADDED", "object": {"n": number}}).encode() + b"\n"


def test_a_watch_gives_events_however_they_are_cut(api, server):
    whole = event(1) + event(2) + b"\n" + event(3)
    server.pages["/w"] = events(whole[:5], whole[5:60], whole[60:])
    found = list(api.watch("/w", "77", 3.7, labelSelector="a=b"))
    assert [one["object"]["n"] for one in found] == [1, 2, 3]
    query = server.asked[0][2]
    assert query == {"watch": "1", "resourceVersion": "77", "timeoutSeconds": "3", "labelSelector": "a=b"}


def test_a_watch_that_breaks_off_gives_what_came_and_ends(api, server):
    server.pages["/w"] = events(event(1), event(2)[:10], end=False)
    assert [one["object"]["n"] for one in api.watch("/w", "1", 5)] == [1]


def test_a_watch_that_ends_at_once_is_not_asked_for_again_at_once(api, server):
    server.pages["/w"] = events()
    begun = time.monotonic()
    assert list(api.watch("/w", "1", 5)) == []
    assert time.monotonic() - begun >= 0.5


def test_half_an_event_at_the_end_is_no_event(api, server):
    server.pages["/w"] = events(event(1), event(2)[:10])
    assert [one["object"]["n"] for one in api.watch("/w", "1", 5)] == [1]


def test_a_watch_is_refused_like_anything_else(api, server):
    server.pages["/w"] = (403, {"message": "may not watch"})
    assert str(problem_of(lambda: list(api.watch("/w", "1", 5)))) == "may not watch"


def test_a_watch_that_is_no_json_is_an_api_error(api, server):
    server.pages["/w"] = events(b"<html>\n")
    assert problem_of(lambda: list(api.watch("/w", "1", 5))).reason == "NotJson"


def test_events_arrive_at_once_and_a_watch_may_be_left_early(api, server):
    release = threading.Event()

    def answer(handler):
        events(event(1), end=True)[1](Unfinished(handler))
        release.wait(10)
        handler.close_connection = True

    server.pages["/w"] = (200, answer)
    server.pages["/x"] = (200, {"fine": True})
    begun = time.monotonic()
    stream = api.watch("/w", "1", 30)
    assert next(stream)["object"] == {"n": 1}
    stream.close()
    assert api.get("/x") == {"fine": True}, "the connection is not used again"
    assert time.monotonic() - begun < 5
    release.set()


class Unfinished:
    """A handler whose answer has no end yet."""

    def __init__(self, handler):
        self.handler = handler
        self.wfile = self

    def __getattr__(self, name):
        return getattr(self.handler, name)

    def write(self, data):
        if data != b"0\r\n\r\n":
            self.handler.wfile.write(data)

    def flush(self):
        self.handler.wfile.flush()


def test_one_api_serves_many_threads(api, server):
    server.pages["/x"] = lambda query: (200, {"n": query["n"]})
    found = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: api.get("/x", n=n)["n"]})) for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: str(n) for n in range(30)}
