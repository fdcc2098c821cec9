"""Whoever says nothing, or talks without end: every question that is put to the network is over in time."""

import socketserver

import pytest

from kubecheck import probes
from kubecheck.probes import (
    CountLost,
    Denied,
    DnsOverTcp,
    DnsOverUdp,
    Download,
    HttpGet,
    Ping,
    Question,
    Resolve,
    Spread,
    TcpConnect,
    TlsHello,
    UdpAsk,
)
from kubecheck.probes.script import OUTPUT_LIMIT
from selftest.unit.kubecheck.probes.servers import TcpServer, serving

SECONDS = 1


class Endless(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.request.recv(4096)
            while True:
                self.request.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 65536)
        except OSError:
            return


@pytest.fixture(scope="module")
def endless_port():
    with serving(TcpServer(("127.0.0.1", 0), Endless)) as server:
        yield server.server_address[1]


def questions(port):
    host = "127.0.0.1"
    return {
        "get": HttpGet(host, port),
        "download": Download(host, port, "/large", 131072),
        "tcp": TcpConnect(host, port),
        "tls": TlsHello(host, port),
        "dns": DnsOverTcp("kubernetes.default.svc.cluster.test", host, port=port),
        "udp": UdpAsk(host, port),
        "dns over udp": DnsOverUdp("kubernetes.default.svc.cluster.test", host, port=port),
        "resolve": Resolve("kubernetes.default.svc.cluster.test", port),
        "spread": Spread(host, port, servers=2),
        "denied": Denied(host, port),
        "ping": Ping(host),
        "loss": CountLost(host),
    }


def test_every_question_that_is_one_program_is_here():
    kinds = {each for each in vars(probes).values() if isinstance(each, type) and issubclass(each, Question)}
    assert {each for each in kinds if each.single} <= {type(each) for each in questions(1).values()}


@pytest.mark.parametrize("server", ["silent_port", "dropping_port", "endless_port"])
def test_they_are_over_in_time_and_leave_nothing(pod, server, request):
    asked = questions(request.getfixturevalue(server))
    answers = pod.ask(asked, seconds=SECONDS)
    assert answers.keys() == asked.keys()
    late = {
        name: answer.raw.seconds for name, answer in answers.items() if answer.raw.seconds > 3 * SECONDS + 2
    }
    assert not late
    assert all(len(answer.raw.output) <= OUTPUT_LIMIT for answer in answers.values())
    assert (pod.processes, pod.files) == ([], [])
