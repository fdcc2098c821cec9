"""DNS questions: their lines of shell, and real output read."""

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.outcomes import CannotTell
from kubecheck.probes import DnsOverTcp, DnsOverUdp, DnsSeries, Raw, ReadResolvConf, record_type

HEAD = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"


def over_udp(body, rdtype="A", status=0):
    return DnsOverUdp("x.test", "10.96.0.10", rdtype).read(Raw(status, (HEAD + body).encode(), 0.01), "pod")


def test_an_srv_record_over_udp():
    answer = over_udp("_http._tcp.x.test\tservice = 0 100 80 x.test\n\n", "SRV")
    assert answer.names == ("0 100 80 x.test",)
    assert answer.got == "0 100 80 x.test"


def test_ptr_records_over_udp():
    answer = over_udp(
        "1.0.96.10.in-addr.arpa\tname = one.svc.test\n1.0.96.10.in-addr.arpa\tname = two.svc.test.\n\n", "PTR"
    )
    assert answer.names == ("one.svc.test", "two.svc.test")
    assert answer.addresses == ()


def test_an_alias_and_its_address_over_udp():
    answer = over_udp("x.test\tcanonical name = y.test\nName:\ty.test\nAddress: 10.96.0.1\n\n")
    assert (answer.names, answer.addresses) == (("y.test",), ("10.96.0.1",))
    answer.must_be("10.96.0.1")


def test_many_addresses_are_counted_and_not_all_told():
    answer = over_udp("".join(f"Name:\tx.test\nAddress: 198.51.100.{n}\n" for n in range(1, 31)))
    assert len(answer.addresses) == 30
    assert answer.got.endswith("198.51.100.8 and 22 more")


def test_a_refusal_that_is_expected():
    over_udp("** server can't find x.test.: NXDOMAIN\n\n", status=1).must_refuse("NXDOMAIN")
    with pytest.raises(AssertionError, match=r"SERVFAIL .*; expected NXDOMAIN"):
        over_udp("** server can't find x.test.: SERVFAIL\n\n", status=1).must_refuse("NXDOMAIN")
    with pytest.raises(AssertionError, match=r"10\.0\.0\.1 .*; expected NXDOMAIN"):
        over_udp("Name:\tx.test\nAddress: 10.0.0.1\n").must_refuse("NXDOMAIN")


@pytest.mark.parametrize(
    ("rdtype", "records", "names"),
    [
        ("SRV", ["0 50 8080 a.test.", "0 50 8080 b.test."], ("0 50 8080 a.test", "0 50 8080 b.test")),
        ("PTR", ["a.test."], ("a.test",)),
        ("AAAA", ["fd00::1"], ()),
    ],
)
def test_records_over_tcp(rdtype, records, names):
    question = DnsOverTcp("x.test", "10.96.0.10", rdtype)
    reply = dns.message.make_response(dns.message.make_query("x.test", rdtype, id=1))
    reply.answer.append(dns.rrset.from_text("x.test.", 5, "IN", rdtype, *records))
    wire = reply.to_wire()
    answer = question.read(Raw(0, len(wire).to_bytes(2, "big") + wire, 0.01), "pod")
    assert tuple(sorted(answer.names)) == names
    assert answer.addresses == (("fd00::1",) if rdtype == "AAAA" else ())


def test_a_question_names_what_it_asks():
    assert DnsOverUdp("x.test", "10.0.0.1", "PTR").key == "dns PTR x.test of 10.0.0.1 over udp"
    assert DnsOverUdp("x.test", "10.0.0.1", port=5353).key == "dns A x.test of 10.0.0.1:5353 over udp"
    assert DnsOverTcp("x.test", "fd00::1", "AAAA", 5353).key == "dns AAAA x.test of [fd00::1]:5353 over tcp"
    assert DnsOverUdp("x.test", "10.0.0.1", "AAAA", 5353).shell(3) == (
        "nslookup -type=aaaa x.test. 10.0.0.1:5353"
    )
    assert (record_type("10.0.0.1"), record_type("fd00::1")) == ("A", "AAAA")


def series(text, status=0, times=3):
    return DnsSeries("x.test", "10.96.0.10", times=times).read(Raw(status, text.encode(), 1.0), "pod")


def test_a_series_whose_lookups_are_all_answered():
    answer = series("lookup 0 10.00 10.01\nlookup 0 10.01 10.02\nlookup 0 10.02 10.32\n")
    answer.must_all_come(3)
    answer.must_be_within(10)
    assert answer.got == "3 answers, half of them within 10 ms"
    with pytest.raises(AssertionError, match="expected half of them within 5 ms"):
        answer.must_be_within(5)


def test_a_series_in_which_a_query_is_lost():
    answer = series("lookup 0 10.00 10.01\nlookup 143 10.01 12.02\nTerminated\n", status=143)
    with pytest.raises(AssertionError, match=r"1 answers, .*then no reply within 2 s .*; expected 3 answers"):
        answer.must_all_come(3)


def test_a_query_whose_time_ended_late_on_a_busy_node_is_not_known_to_be_lost():
    answer = series("lookup 0 10.00 10.01\nlookup 143 10.01 12.60\nTerminated\n", status=143)
    with pytest.raises(CannotTell, match="no reply within 2 s"):
        answer.must_all_come(3)


def test_a_series_that_ends_with_a_refusal_or_with_the_time():
    answer = series("lookup 1 1.00 1.01\n** server can't find x.test.: SERVFAIL\n", status=1)
    assert answer.got == "0 answers, then ** server can't find x.test.: SERVFAIL"
    assert series("lookup 0 1.00 2.90\n", status=143).got.endswith("then the time was over")


def test_a_series_without_its_tool_tells_nothing():
    with pytest.raises(CannotTell):
        series("lookup 127 1.00 1.01\nsh: nslookup: not found\n", status=127).must_all_come(3)


@given(output=st.binary(max_size=200), status=st.sampled_from([0, 1, 127, 143]))
def test_any_output_of_a_series_is_read(output, status):
    answer = DnsSeries("x.test", "10.96.0.10").read(Raw(status, output, 0.0), "pod")
    assert answer.got


FILE = (
    "search ns.svc.k8s.test svc.k8s.test k8s.test. corp.test\nnameserver 10.96.0.10\noptions ndots:5 edns0\n"
)


def resolv_conf(text=FILE, status=0):
    return ReadResolvConf().read(Raw(status, text.encode(), 0.0), "pod")


def test_a_pods_resolv_conf_is_read():
    answer = resolv_conf()
    answer.must_ask(("10.96.0.10",))
    answer.must_search(("ns.svc.k8s.test", "svc.k8s.test", "k8s.test"))
    answer.must_have_ndots(5)
    assert answer.search[3:] == ("corp.test",)


def test_a_resolv_conf_that_is_another_is_told():
    with pytest.raises(
        AssertionError, match=r"nameserver 10\.96\.0\.10; .*; expected nameserver 10\.96\.0\.11"
    ):
        resolv_conf().must_ask(("10.96.0.11",))
    with pytest.raises(AssertionError, match=r"expected search ns\.svc\.other\.test"):
        resolv_conf().must_search(("ns.svc.other.test",))
    with pytest.raises(AssertionError, match=r"ndots 1 .*; expected ndots 5"):
        resolv_conf("nameserver 10.96.0.10\n").must_have_ndots(5)
    assert resolv_conf("").got == "nameserver none; search none; ndots 1"


@given(output=st.binary(max_size=200), status=st.sampled_from([0, 1, 127]))
def test_any_resolv_conf_is_read(output, status):
    assert ReadResolvConf().read(Raw(status, output, 0.0), "pod").got
