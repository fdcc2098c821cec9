"""kube-proxy asked by busybox, wherever on the loopback it listens."""

import socket
from http.server import BaseHTTPRequestHandler

import pytest

from kubecheck.probes import KubeProxy, kubeproxy
from selftest.unit.kubecheck.probes.servers import HttpServer, serving

PAGES = {
    "/healthz": b'{"lastUpdated":"2026-11-24T20:55:18Z","currentTime":"2026-11-24T20:55:18Z"}',
    "/proxyMode": b"nftables",
    "/metrics": b'other 1\nkubernetes_build_info{git_version="v1.37.2",major="1"} 1\n',
}


class Told(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGES[self.path])

    def log_message(self, *_arguments):
        """Nothing: the test's output is pytest's."""


class Sick(Told):
    def do_GET(self):
        self.send_error(503)


class OverIPv6(HttpServer):
    address_family = socket.AF_INET6


@pytest.fixture(params=["127.0.0.1", "::1"])
def listen(request, monkeypatch):
    """Has ``handler`` listen at 127.0.0.1 or at ::1, and kube-proxy's health or metrics looked for there."""

    def begin(what, handler=Told):
        try:
            server = (OverIPv6 if request.param == "::1" else HttpServer)((request.param, 0), handler)
        except OSError as problem:
            pytest.skip(f"{request.param} cannot be listened on: {problem}")
        monkeypatch.setattr(kubeproxy, f"{what}_PORT", server.server_port)
        return serving(server)

    return begin


@pytest.fixture
def nobody(monkeypatch, refusing_port):
    for what in ("HEALTH", "METRICS"):
        monkeypatch.setattr(kubeproxy, f"{what}_PORT", refusing_port)


def ask(pod):
    return pod.ask({"it": KubeProxy()})["it"]


def test_it_is_found_on_the_loopback_of_either_family(pod, listen, nobody):
    with listen("HEALTH"), listen("METRICS"):
        answer = ask(pod)
    answer.must_be_healthy(300)
    assert (answer.mode, answer.version) == ("nftables", "v1.37.2")


def test_metrics_that_nobody_serves_do_not_make_it_absent(pod, listen, nobody):
    with listen("HEALTH"):
        answer = ask(pod)
    answer.must_be_healthy(300)
    assert (answer.mode, answer.version, answer.absent, answer.metrics_refused) == ("", "", False, True)


def test_a_sick_one_is_told_as_sick(pod, listen, nobody):
    with listen("HEALTH", Sick):
        answer = ask(pod)
    assert not answer.absent
    with pytest.raises(AssertionError, match=r"503.* expected that kube-proxy calls itself healthy"):
        answer.must_be_healthy(300)


def test_where_none_runs_it_is_absent(pod, nobody):
    answer = ask(pod)
    assert answer.absent
    with pytest.raises(AssertionError, match="connection refused"):
        answer.must_be_healthy(300)
