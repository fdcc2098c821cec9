import socket

import pytest

from kubecheck.outcomes import CannotTell
from kubecheck.probes import Raw, TcpConnect


@pytest.fixture(scope="module")
def answers(pod, http_port, refusing_port, dropping_port, silent_port, without):
    return pod.ask(
        {
            "open": TcpConnect("127.0.0.1", http_port),
            "silent": TcpConnect("127.0.0.1", silent_port),
            "refusing": TcpConnect("127.0.0.1", refusing_port),
            "dropping": TcpConnect("127.0.0.1", dropping_port),
            "no nc": without(TcpConnect("127.0.0.1", http_port), "nc"),
            "nc not built in": without(TcpConnect("127.0.0.1", http_port), "nc", "no-such-applet"),
        }
    )


@pytest.mark.parametrize("server", ["open", "silent"])
def test_a_listener_is_connected_to_whether_it_speaks_or_not(answers, server):
    answers[server].must_connect()
    assert answers[server].connected
    assert answers[server].got == "connected"


def test_a_refused_connection_is_the_clusters_failure(answers, refusing_port):
    with pytest.raises(AssertionError) as failed:
        answers["refusing"].must_connect()
    assert f"asked tcp 127.0.0.1:{refusing_port} from a pod: connection refused" in str(failed.value)
    assert "expected a TCP connection" in str(failed.value)


def test_a_dropped_connection_is_a_failure_in_time(answers):
    answer = answers["dropping"]
    with pytest.raises(AssertionError, match="no answer to the connection attempt"):
        answer.must_connect()
    assert 0.9 <= answer.raw.seconds < 10


@pytest.mark.parametrize("lack", ["no nc", "nc not built in"])
def test_without_nc_nothing_is_learnt(answers, lack):
    assert not answers[lack].conclusive
    with pytest.raises(CannotTell, match="not found"):
        answers[lack].must_connect()


def test_ipv6_addresses_stand_in_brackets_in_the_key_and_bare_on_the_line():
    question = TcpConnect("fd00::1", 443)
    assert question.key == "tcp [fd00::1]:443"
    assert " fd00::1 443 " in question.shell(3)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_is_asked_for_real(pod):
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no ::1")
    with listener:
        answers = pod.ask({"six": TcpConnect("::1", listener.getsockname()[1])})
    answers["six"].must_connect()


@pytest.mark.parametrize("status", [124, 137, 143])
def test_a_tool_that_had_to_be_killed_waited_in_vain(status):
    answer = TcpConnect("10.96.0.1", 443).read(Raw(status, b"Terminated\n", 6.0), "node n1")
    with pytest.raises(AssertionError, match="no answer to the connection attempt"):
        answer.must_connect()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"nc: can't connect to remote host (10.96.0.1): No route to host\n", "no route to host"),
        (b"nc: can't connect to remote host: Network is unreachable\n", "network is unreachable"),
        (b"nc: bad address 'nowhere'\n", "nc: bad address 'nowhere'"),
        (b"", "nothing (exit status 1)"),
    ],
)
def test_the_kernels_word_is_told(said, told):
    assert TcpConnect("10.96.0.1", 443).read(Raw(1, said, 0.0), "node n1").got == told


@pytest.mark.parametrize("said", [b"nc: socket: Operation not permitted\n", b"sh: can't fork: Resource\n"])
def test_trouble_of_the_tool_is_not_trouble_of_the_cluster(said):
    with pytest.raises(CannotTell):
        TcpConnect("10.96.0.1", 443).read(Raw(1, said, 0.0), "node n1").must_connect()
