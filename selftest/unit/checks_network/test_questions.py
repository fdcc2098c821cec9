"""The questions of the network's checks, asked by busybox of our own nginx."""

import socket

import pytest

from kubecheck.checks import LARGE, LARGE_PATH
from kubecheck.outcomes import CannotTell
from kubecheck.probes import CountLost, Denied, Download, HttpGet, Ping, Raw, Spread, UdpAsk
from kubecheck.probes.question import STARVED
from kubecheck.probes.spread import LANES, requests_to_see


@pytest.fixture(scope="module")
def answers(pod, nginx, refusing_port, silent_port, dropping_port, without):
    server = nginx()
    http, udp = server.http, server.udp
    return pod.ask(
        {
            "udp": UdpAsk("127.0.0.1", udp),
            "udp to nobody": UdpAsk("127.0.0.1", 9),
            "no tftp": without(UdpAsk("127.0.0.1", udp), "tftp"),
            "large": Download("127.0.0.1", http, LARGE_PATH, LARGE),
            "larger": Download("127.0.0.1", http, LARGE_PATH, LARGE + 1),
            "refused": Download("127.0.0.1", refusing_port, LARGE_PATH, LARGE),
            "silent": Download("127.0.0.1", silent_port, LARGE_PATH, LARGE),
            "dropped": Download("127.0.0.1", dropping_port, LARGE_PATH, LARGE),
            "no wget": without(Download("127.0.0.1", http, LARGE_PATH, LARGE), "wget"),
            "one of one": Spread("127.0.0.1", http, 1, settles=False),
            "one of three": Spread("127.0.0.1", http, 3, settles=False),
            "nobody": Spread("127.0.0.1", refusing_port, 3, settles=False),
            "forbidden and open": Denied("127.0.0.1", http, settles=False),
            "forbidden and refused": Denied("127.0.0.1", refusing_port),
            "forbidden and dropped": Denied("127.0.0.1", dropping_port),
            "no nc": without(Denied("127.0.0.1", http), "nc "),
            "ping": Ping("127.0.0.1"),
            "no ping": without(Ping("127.0.0.1"), "ping"),
            "ping nowhere": Ping("255.255.255.255"),
            "loss": CountLost("127.0.0.1"),
            "loss, no ping": without(CountLost("127.0.0.1"), "ping"),
        },
        seconds=2,
    )


def test_a_datagram_brings_the_servers_name_and_ours(answers):
    identity = answers["udp"].must_come_from(socket.gethostname().lower(), "kubecheck-r1")
    assert (identity.server, identity.client) == ("127.0.0.1", "127.0.0.1")


def test_a_datagram_to_nobody_gets_no_answer(answers):
    with pytest.raises(AssertionError, match=r"asked udp 127\.0\.0\.1:9 from a pod: no answer"):
        answers["udp to nobody"].must_come_from("probe-node1", "kubecheck-r1")


def test_what_is_no_request_is_answered_too(nginx):
    server = nginx()
    acknowledgement = b"\0\4\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(acknowledgement, ("127.0.0.1", server.udp))
        assert b"server=127.0.0.1" in asking.recv(512)


def test_without_the_stream_module_nginx_still_serves(pod, nginx):
    server = nginx(stream=False)
    found = pod.ask(
        {"tcp": Download("127.0.0.1", server.http, LARGE_PATH, LARGE), "udp": UdpAsk("127.0.0.1", server.udp)}
    )
    found["tcp"].must_be_complete()
    assert not found["udp"].answered


@pytest.fixture
def serves(pod, nginx):
    """Starts our nginx and tells at which addresses of this machine it answers, by protocol."""

    def ask(**options):
        server = nginx(**options)
        asked = {}
        for host in ("127.0.0.1", "::1"):
            asked["tcp", host] = HttpGet(host, server.http)
            asked["udp", host] = UdpAsk(host, server.udp)
        found = pod.ask(asked)
        return {
            protocol: {host for (each, host), answer in found.items() if each == protocol and answer.answered}
            for protocol in ("tcp", "udp")
        }

    return ask


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.parametrize(("stream", "udp"), [(True, {"127.0.0.1", "::1"}), (False, set())])
def test_a_pod_serves_both_families_though_no_pod_cidr_is_known(serves, stream, udp):
    assert serves(stream=stream) == {"tcp": {"127.0.0.1", "::1"}, "udp": udp}


@pytest.mark.parametrize(("stream", "udp"), [(True, {"127.0.0.1"}), (False, set())])
def test_a_pod_whose_kernel_has_no_ipv6_serves_ipv4(serves, stream, udp):
    assert serves(stream=stream, ipv6="2001:db8::1") == {"tcp": {"127.0.0.1"}, "udp": udp}


@pytest.mark.parametrize("server", ["forbidden and refused", "forbidden and dropped"])
def test_what_is_forbidden_is_not_reached(answers, server):
    answers[server].must_not_connect()


def test_what_is_forbidden_and_reached_all_the_same(answers):
    with pytest.raises(AssertionError, match="which is forbidden from a pod: connected"):
        answers["forbidden and open"].must_not_connect()


@pytest.mark.parametrize(
    "said",
    [
        b"nc: invalid option -- 'e'\nBusyBox v1.35.0\n\nUsage: nc [-iN] [-wN] [-l] [-p PORT]",
        b"nc: socket: Operation not permitted",
    ],
)
def test_an_nc_that_could_not_ask_shows_no_denial(said):
    answer = Denied("10.1.1.1", 8082).read(Raw(0, said, 0.1), "a pod")
    with pytest.raises(CannotTell):
        answer.must_not_connect()


def test_at_a_vantage_without_cpu_only_a_connection_tells_of_a_denial():
    denied = Denied("10.1.1.1", 8082)
    with pytest.raises(CannotTell, match="for want of CPU"):
        denied.read(Raw(0, b"nc: timed out", 3.0, idle=STARVED), "a pod").must_not_connect()
    with pytest.raises(AssertionError, match="connected"):
        denied.read(Raw(1, b"", 3.0, idle=STARVED), "a pod").must_not_connect()


def test_what_came_whole_is_known_however_late():
    lost = CountLost("10.1.1.1").read(
        Raw(0, b"30 packets transmitted, 30 packets received", 3.0, idle=STARVED), "a pod"
    )
    lost.must_lose_at_most(0)
    said = b"     10 namespace=a pod=b server=10.1.1.1 client=10.1.1.2\n"
    assert Spread("10.1.1.1", 80, 1).read(Raw(0, said, 3.0, idle=STARVED), "a pod").conclusive
    assert not Spread("10.1.1.1", 80, 1).read(Raw(1, said, 3.0, idle=STARVED), "a pod").conclusive
    question = Download("10.1.1.1", 80, LARGE_PATH, LARGE)
    said = f"{question.size} bytes\nexit status 143".encode()
    question.read(Raw(0, said, 3.0, idle=STARVED), "a pod").must_be_complete()


def test_a_local_rule_that_rejects_is_a_denial():
    said = b"nc: can't connect to remote host (10.1.1.1): Operation not permitted"
    Denied("10.1.1.1", 8082).read(Raw(0, said, 0.1), "a pod").must_not_connect()


@pytest.mark.parametrize("tool", ["no tftp", "no wget", "no ping", "no nc"])
def test_without_the_tool_nothing_is_learnt(answers, tool):
    judge = {
        "no tftp": lambda answer: answer.must_come_from("a", "b"),
        "no wget": lambda answer: answer.must_be_complete(),
        "no ping": lambda answer: answer.must_reply(),
        "no nc": lambda answer: answer.must_not_connect(),
    }
    with pytest.raises(CannotTell, match="no-such-program"):
        judge[tool](answers[tool])


def test_a_large_transfer_is_counted(answers):
    answers["large"].must_be_complete()
    with pytest.raises(AssertionError, match=f"{LARGE} bytes, and that was all.*expected {LARGE + 1} bytes"):
        answers["larger"].must_be_complete()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("refused", "0 bytes, can't connect to remote host .*: connection refused"),
        ("silent", "0 bytes, then no more came"),
        ("dropped", "0 bytes, then no more came"),
    ],
)
def test_a_large_transfer_that_fails_says_how(answers, server, said):
    with pytest.raises(AssertionError, match=said):
        answers[server].must_be_complete()


def test_a_transfer_without_a_count_tells_nothing():
    question = Download("h", 80, "/large", 10)
    with pytest.raises(CannotTell):
        question.read(Raw(137, b"", 5.0), "a pod").must_be_complete()


def test_every_request_of_a_spread_is_counted(answers):
    name = f"kubecheck-r1/{socket.gethostname().lower()}"
    assert answers["one of one"].seen == {name: LANES}
    answers["one of one"].must_be_all_of({name: "node1"})
    assert answers["one of three"].seen == {name: 40}
    assert answers["one of three"].raw.status == 1


def test_an_endpoint_that_never_answers_is_named(answers):
    name = f"kubecheck-r1/{socket.gethostname().lower()}"
    servers = {name: "10.1.1.1 on node1", "kubecheck-r1/peer-2": "10.1.2.1 on node2"}
    with pytest.raises(AssertionError) as failed:
        answers["one of three"].must_be_all_of(servers)
    assert f"{name} 40 times" in str(failed.value)
    assert "never came one of kubecheck-r1/peer-2 (10.1.2.1 on node2)" in str(failed.value)


def test_a_stranger_behind_the_service_is_named(answers):
    with pytest.raises(AssertionError, match="answers of its endpoints only"):
        answers["one of one"].must_be_all_of({})


def test_a_service_without_any_answer(answers):
    with pytest.raises(AssertionError, match=r"no answer at all; wget: can't connect.*Connection refused"):
        answers["nobody"].must_be_all_of({"kubecheck-r1/peer-1": "10.1.1.1 on node1"})


def test_an_unanswered_request_is_a_failure_though_all_were_seen():
    question = Spread("10.96.0.5", 80, 2)
    lines = b" 21 namespace=n pod=a server=1 client=2\n 12 namespace=n pod=b server=1 client=2\n 2 Killed\n"
    answer = question.read(Raw(1, lines, 3.0), "a pod")
    with pytest.raises(
        AssertionError, match=rf"an answer to each of {question.requests} requests, and 33 came"
    ):
        answer.must_be_all_of({"n/a": "node1", "n/b": "node2"})


@pytest.mark.parametrize("servers", range(1, 30))
def test_a_healthy_server_is_missed_once_in_a_million_at_most(servers):
    requests = requests_to_see(servers)
    assert requests % LANES == 0
    assert servers * (1 - 1 / servers) ** requests <= 1e-6
    assert servers == 1 or servers * (1 - 1 / servers) ** (requests - LANES) > 1e-6


def test_a_ping_comes_back(answers):
    answers["ping"].must_reply()


def test_a_ping_that_does_not(answers):
    with pytest.raises(AssertionError, match="expected an ICMP echo reply"):
        answers["ping nowhere"].must_reply()


@pytest.mark.parametrize(
    ("output", "permitted", "conclusive"),
    [
        (b"ping: permission denied (are you root?)", False, False),
        (b"ping: can't create raw socket: Operation not permitted", False, False),
        (b"PING 10.1.1.1 (10.1.1.1): 56 data bytes\nping: sendto: Operation not permitted", True, True),
        (b"PING 10.1.1.1 (10.1.1.1): 56 data bytes\nping: sendto: Network is unreachable", True, True),
    ],
)
def test_who_may_not_ping_learns_nothing_and_a_firewall_of_the_node_is_a_finding(
    output, permitted, conclusive
):
    answer = Ping("10.1.1.1").read(Raw(1, output, 0.1), "a pod")
    assert (answer.permitted, answer.conclusive) == (permitted, conclusive)


def test_pings_without_a_reply_tell_nothing_where_there_was_no_time_to_hear_one():
    silence = b"PING 10.1.1.1 (10.1.1.1): 56 data bytes\n1 packets transmitted, 0 packets received"
    refused = b"PING 10.1.1.1 (10.1.1.1): 56 data bytes\nping: sendto: Network is unreachable"

    def answer(output, idle, status=1):
        return Ping("10.1.1.1").read(Raw(status, output, 3.0, idle=idle), "a pod")

    with pytest.raises(AssertionError, match="no reply to 3 echo requests"):
        answer(silence, 0.0).must_reply()
    assert answer(silence, STARVED).may_change
    with pytest.raises(CannotTell, match=r"no reply to 3 echo requests .* for want of CPU"):
        answer(silence, STARVED).must_reply()
    with pytest.raises(AssertionError, match="Network is unreachable"):
        answer(refused, STARVED).must_reply()


def test_loss_is_counted_in_no_time_where_there_is_none(answers):
    assert (answers["loss"].sent, answers["loss"].received) == (30, 30)
    assert answers["loss"].raw.seconds < 2
    answers["loss"].must_lose_at_most(0)
    assert not answers["loss, no ping"].conclusive


@pytest.mark.parametrize(("received", "lost"), [(30, False), (29, False), (28, True), (7, True)])
def test_some_loss_is_a_finding(received, lost):
    said = f"30 packets transmitted, {received} packets received, some packet loss"
    answer = CountLost("10.1.1.1").read(Raw(0, said.encode(), 0.1), "node n1")
    if lost:
        with pytest.raises(AssertionError, match=f"{30 - received} of 30 lost"):
            answer.must_lose_at_most(5)
    else:
        answer.must_lose_at_most(5)


@pytest.mark.parametrize(
    ("question", "key"),
    [
        (Ping("fd00::1"), "ping fd00::1"),
        (UdpAsk("fd00::1", 8081), "udp [fd00::1]:8081"),
        (Download("10.1.1.1", 8080, "/large", 5), "GET 5 bytes of http://10.1.1.1:8080/large"),
        (Spread("10.96.0.5", 80, 3), "GET http://10.96.0.5:80/ 40 times"),
    ],
)
def test_the_key_is_what_is_asked(question, key):
    assert question.key == key
