import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubecheck.outcomes import CannotTell
from kubecheck.probes import DnsOverTcp, DnsOverUdp, Raw

NAMES = ("one", "two", "alias", "missing", "broken", "refused", "empty", "silent", "garbage")


@pytest.fixture(scope="module")
def answers(pod, dns_server, no_dns_server, without):
    """Over both transports: ``udp one``, ``tcp one`` and so on."""
    questions = {}
    for transport, kind in (("udp", DnsOverUdp), ("tcp", DnsOverTcp)):
        questions |= {f"{transport} {name}": kind(f"{name}.test", dns_server) for name in NAMES}
        questions[f"{transport} nobody"] = kind("one.test", no_dns_server)
    questions["udp no tool"] = without(DnsOverUdp("one.test", dns_server), "nslookup")
    questions["tcp no tool"] = without(DnsOverTcp("one.test", dns_server), "nc ", "no-such-program ")
    return pod.ask(questions, seconds=2)


both = pytest.mark.parametrize("transport", ["udp", "tcp"])


@both
def test_an_address_is_read(answers, transport):
    answer = answers[f"{transport} one"]
    answer.must_be("10.96.0.1")
    assert answer.replied
    assert answer.got == "10.96.0.1"


@both
def test_all_addresses_are_read_in_any_order(answers, transport):
    answers[f"{transport} two"].must_be("10.96.0.2", "10.96.0.1")
    with pytest.raises(AssertionError, match=r"10\.96\.0\.., 10\.96\.0\.. .*; expected 10\.96\.0\.1$"):
        answers[f"{transport} two"].must_be("10.96.0.1")


@both
def test_an_alias_is_followed(answers, transport):
    answers[f"{transport} alias"].must_be("10.96.0.1")


@both
@pytest.mark.parametrize(
    ("name", "refusal"), [("missing", "NXDOMAIN"), ("broken", "SERVFAIL"), ("refused", "REFUSED")]
)
def test_a_refusal_is_a_reply_and_a_failure(answers, transport, name, refusal):
    answer = answers[f"{transport} {name}"]
    assert answer.replied
    assert answer.addresses == ()
    assert answer.got == refusal
    with pytest.raises(AssertionError, match=f"{name}.test of .* over {transport} from a pod: {refusal}"):
        answer.must_be("10.96.0.1")


@both
def test_a_reply_without_an_address_is_a_reply(answers, transport):
    answer = answers[f"{transport} empty"]
    assert answer.replied
    assert answer.addresses == ()
    with pytest.raises(AssertionError):
        answer.must_be("10.96.0.1")


@both
def test_a_server_that_does_not_reply_is_a_failure_in_time(answers, transport):
    answer = answers[f"{transport} silent"]
    assert not answer.replied
    assert answer.got == "no reply"
    assert answer.raw.seconds < 10
    with pytest.raises(AssertionError, match="no reply"):
        answer.must_be("10.96.0.1")


@both
def test_where_nobody_listens_the_failure_says_what_the_kernel_said(answers, transport):
    answer = answers[f"{transport} nobody"]
    assert not answer.replied
    assert answer.got in {"connection refused", "no reply"}
    with pytest.raises(AssertionError):
        answer.must_be("10.96.0.1")


def test_what_is_no_dns_over_tcp_is_no_reply_and_is_shown(answers):
    answer = answers["tcp garbage"]
    assert not answer.replied
    assert "400 Bad Request" in answer.got
    with pytest.raises(AssertionError, match="400 Bad Request"):
        answer.must_be("10.96.0.1")


@both
def test_without_its_tool_nothing_is_learnt(answers, transport):
    with pytest.raises(CannotTell, match=r"not found|can't execute"):
        answers[f"{transport} no tool"].must_be("10.96.0.1")


def test_no_query_is_left_waiting_in_the_pod(answers, pod):
    assert answers
    assert pod.processes == []
    assert pod.files == []


RECORDED = {
    "busybox 1.35, an answer": (
        0,
        (
            "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tkubernetes.default.svc.cluster.local\n"
            "Address: 10.96.0.1\n\n"
        ),
        ("10.96.0.1",),
        "",
    ),
    "busybox 1.27, which numbers addresses and names the server": (
        0,
        (
            "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
            "Name:      kubernetes.default\nAddress 1: 10.96.0.1 kubernetes.default.svc.cluster.local\n"
        ),
        ("10.96.0.1",),
        "",
    ),
    "an IPv6 address": (
        0,
        "Server:\t\tfd00::a\nAddress:\t[fd00::a]:53\n\nName:\tx.test\nAddress: fd00::1\n\n",
        ("fd00::1",),
        "",
    ),
    "a refusal": (
        1,
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find x.test.: NXDOMAIN\n\n",
        (),
        "NXDOMAIN",
    ),
    "no record of the type": (
        1,
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n*** Can't find x.test.: No answer\n\n",
        (),
        "No answer",
    ),
    "nobody there": (1, ";; connection timed out; no servers could be reached\n\n", (), ""),
    "cut off after the server": (143, "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n", (), ""),
}


@pytest.mark.parametrize(("status", "text", "addresses", "refusal"), RECORDED.values(), ids=RECORDED.keys())
def test_what_nslookup_prints_is_read(status, text, addresses, refusal):
    answer = DnsOverUdp("x.test", "10.96.0.10").read(Raw(status, text.encode(), 0.01), "pod")
    assert (answer.addresses, answer.refusal) == (addresses, refusal)
    assert answer.replied == bool(addresses or refusal)


@pytest.mark.parametrize("kind", [DnsOverUdp, DnsOverTcp])
@given(output=st.binary(max_size=200), status=st.sampled_from([0, 1, 127, 143]))
@example(output=b"nc: can't connect to remote host (10.96.0.10): Connection refused\n", status=1)
@example(output=b"\x00\x0c\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00", status=0)
def test_any_output_is_read_without_an_error(kind, output, status):
    answer = kind("x.test", "10.96.0.10").read(Raw(status, output, 0.0), "pod")
    assert isinstance(answer.got, str)
    assert answer.got
    assert isinstance(answer.replied, bool)


@given(cut=st.integers(0, 60))
def test_a_reply_over_tcp_that_was_cut_off_never_holds_a_wrong_address(cut):
    import dns.message
    import dns.rrset

    reply = dns.message.make_response(dns.message.make_query("one.test", "A", id=1))
    reply.answer.append(dns.rrset.from_text("one.test.", 5, "IN", "A", "10.96.0.1"))
    wire = reply.to_wire()
    whole = len(wire).to_bytes(2, "big") + wire
    answer = DnsOverTcp("one.test", "10.96.0.10").read(Raw(0, whole[:cut], 0.0), "pod")
    assert answer.addresses == (("10.96.0.1",) if cut >= len(whole) else ())
