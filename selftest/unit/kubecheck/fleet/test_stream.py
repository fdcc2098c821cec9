"""Streams: what is said of one that is refused, and what comes in its channels."""

import socket
import time

import pytest

from kubecheck.cluster.connection import connect
from kubecheck.fleet import stream as module
from kubecheck.fleet.exec import run_script
from kubecheck.fleet.requests import carry_out
from kubecheck.fleet.stream import ExecProblem
from kubecheck.probes.requests import BROKE_OFF, UNREACHABLE, PodExec, PodForward

EXEC = "/api/v1/namespaces/ns/pods/p/exec"
FORWARD = "/api/v1/namespaces/ns/pods/p/portforward"


def problem_of(api):
    with pytest.raises(ExecProblem) as problem:
        run_script(api, "ns", "p", "exit\n", 5)
    return problem.value


def test_what_a_script_prints_comes_back_whole(api, server, streams):
    sent = []

    server.pages[EXEC] = streams(b"\x01one\n", b"\x02warning", b"\x01two\n", b"\xff\x01", hear=sent.append)
    assert run_script(api, "ns", "p", "echo\nexit\n", 5) == b"one\ntwo\n"
    assert sent == [b"\x00echo\nexit\n"]
    _, _, query, _, token = server.asked[0]
    assert query == {
        "command": "sh",
        "container": "busybox",
        "stdin": "true",
        "stdout": "true",
        "stderr": "true",
    }
    assert token == "Bearer secret"
    assert server.headers[0]["Sec-WebSocket-Protocol"].startswith("v5.channel.k8s.io")
    assert api.requests.by_verb == {"CONNECT": 1}


def test_nothing_printed_is_told_with_what_was_said(api, server, streams):
    server.pages[EXEC] = streams(b"\x02sh: not found")
    assert "printed nothing: sh: not found" in str(problem_of(api))


def test_a_stream_without_its_end_broke_off(api, server, streams):
    server.pages[EXEC] = streams(b"\x01half", close=False)
    assert "exec into ns/p broke off" in str(problem_of(api))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            500,
            {"kind": "Status", "message": 'can\'t dial "10.0.0.1": refused'},
            'can\'t dial "10.0.0.1": refused',
        ),
        (502, b"<html>bad gateway</html>", "bad gateway"),
        (403, {"message": 'pods "p" is forbidden'}, 'pods "p" is forbidden'),
        (302, b"", "Redirect"),
    ],
)
def test_a_refusal_has_its_status_and_the_servers_words(api, server, status, body, said):
    server.pages[EXEC] = (status, body)
    problem = problem_of(api)
    assert said in str(problem)
    if status != 302:
        assert (problem.status, problem.reached) == (status, True)


def test_a_server_that_asks_for_patience_is_asked_again(api, server, streams):
    ready = streams(b"\x01fine")

    def page(_query):
        if len(server.asked) > 1:
            return ready

        def busy(handler):
            handler.send_response(429)
            handler.send_header("Retry-After", "0")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return 429, busy

    server.pages[EXEC] = page
    assert run_script(api, "ns", "p", "exit\n", 5) == b"fine"
    assert (api.requests.by_verb, api.requests.repeated) == ({"CONNECT": 2}, 1)


def test_nobody_listens_and_nobody_answers_are_two_things(kubeconfig, monkeypatch):
    monkeypatch.setattr(module, "HANDSHAKE_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = connect(kubeconfig(port=listener.getsockname()[1]), None)
        silent = problem_of(api)
    refused = problem_of(api)
    assert (silent.status, silent.reached, refused.status, refused.reached) == (0, True, 0, False)
    assert "no answer in time" in str(silent)
    assert "connection refused" in str(refused)
    assert carry_out(api, PodExec("ns", "p"), 1).status == UNREACHABLE


def test_one_that_does_not_end_is_left(api, server, streams):
    server.pages[EXEC] = streams(b"\x01half", hear=lambda _: time.sleep(0.5))
    with pytest.raises(ExecProblem, match="exec into ns/p had not ended after 0 s"):
        run_script(api, "ns", "p", "exit\n", 0.2)


PORT = (8080).to_bytes(2, "little")
HEAD = b"HTTP/1.0 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("frames", "status", "said"),
    [
        ((b"\x00" + PORT, b"\x01" + PORT, b"\x00" + HEAD, b"\x00its answer"), 0, "its answer"),
        (
            (b"\x00" + PORT, b"\x01" + PORT, b"\x01nobody listens on 8080"),
            BROKE_OFF,
            "nobody listens on 8080",
        ),
        ((b"\x00" + PORT, b"\x01" + PORT), BROKE_OFF, "answered: nothing"),
    ],
)
def test_a_forwarded_port(api, server, streams, frames, status, said):
    server.pages[FORWARD] = streams(*frames)
    raw = carry_out(api, PodForward("ns", "p"), 5)
    assert raw.status == status
    assert said in raw.output.decode()


def test_who_prints_without_end_is_cut_off(api, server, streams, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 1000)
    server.pages[EXEC] = streams(*[b"\x01" + b"y" * 100] * 50)
    assert "exec into ns/p printed more than" in str(problem_of(api))
