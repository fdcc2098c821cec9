"""TLS by bytes: real servers on loopback, asked through busybox; and what is made of their words."""

import ssl

import pytest

from kubecheck.checks import CannotTell, known_suite, weak_suites
from kubecheck.probes import Raw, TlsHello
from kubecheck.probes.suites import STRONG, SUITES, WEAK
from selftest.unit.checks_certs.conftest import CA, NAMES, NAMESAKE, NOW, ask, certificate, issue

PROMISED = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
TLS12 = {"most": ssl.TLSVersion.TLSv1_2}


def test_a_server_shows_its_certificate_and_chooses_a_suite(serving):
    with serving(issue("kube-apiserver", NAMES)) as port:
        answer = ask(TlsHello("127.0.0.1", port))
    assert answer.suite in STRONG
    assert answer.certificate.subject == "CN=kube-apiserver"
    assert set(answer.certificate.addresses) | set(answer.certificate.names) == set(NAMES)
    answer.must_speak_tls()
    answer.must_accept()
    answer.must_be_valid(NOW, 364)
    answer.must_cover(NAMES)
    answer.must_lead_to((CA,), "our CA", NOW)
    assert "valid until 2027-11-24" in answer.got


def test_weak_suites_are_refused_by_a_server_that_has_only_strong_ones(serving):
    with serving(issue("kubelet"), "ECDHE-RSA-AES128-GCM-SHA256", **TLS12) as port:
        weak = ask(TlsHello("127.0.0.1", port, weak_suites(PROMISED)))
        strong = ask(TlsHello("127.0.0.1", port, PROMISED))
    weak.must_refuse()
    assert weak.alert == "handshake_failure"
    assert strong.suite == PROMISED[0]
    with pytest.raises(AssertionError, match="accepts one of the suites offered"):
        weak.must_accept()


def test_a_server_that_takes_a_weak_suite_is_told_with_it(serving):
    with serving(issue("kubelet"), "ECDHE-RSA-AES128-SHA:@SECLEVEL=0", **TLS12) as port:
        answer = ask(TlsHello("127.0.0.1", port, weak_suites()))
    with pytest.raises(AssertionError, match="TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, certificate") as told:
        answer.must_refuse()
    assert "offering weak suites only from node n1" in str(told.value)


def test_a_server_of_tls_13_alone_refuses_and_hides_its_certificate(serving):
    with serving(issue("kubelet"), least=ssl.TLSVersion.TLSv1_3) as port:
        answer = ask(TlsHello("127.0.0.1", port))
    answer.must_speak_tls()
    answer.must_refuse()
    with pytest.raises(CannotTell, match=r"TLS 1\.3 only"):
        _ = answer.certificate


def test_nobody_there_is_no_refusal():
    answer = ask(TlsHello("127.0.0.1", 1, weak_suites()))
    assert answer.got == "connection refused"
    with pytest.raises(CannotTell, match="connection refused"):
        answer.must_refuse()
    with pytest.raises(AssertionError, match="connection refused"):
        _ = answer.certificate


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\nno", "something that is not TLS"),
        (b"", "closed without a word"),
        (b"\x15\x03\x03\x00\x02\x02\x50", r"a refusal \(internal_error\)"),
        (b"\x16\x03\x03\x00\x20\x02\x00", "something that is not TLS"),
    ],
)
def test_other_words_are_told_and_never_pass(said, told):
    answer = TlsHello("10.0.0.1", 443).read(Raw(0, said, 0.1), "node n1")
    for judge in (answer.must_accept, answer.must_refuse, lambda: answer.must_cover(["x"])):
        with pytest.raises((AssertionError, CannotTell), match=told):
            judge()


def test_messages_may_be_split_over_records(serving):
    with serving(issue("kube-apiserver")) as port:
        answer = ask(TlsHello("127.0.0.1", port))
    stream, pieces = answer.raw.output, b""
    while len(stream) >= 5:
        size = int.from_bytes(stream[3:5], "big")
        head, body, stream = stream[:3], stream[5 : 5 + size], stream[5 + size :]
        for begin in range(0, len(body), 100):
            part = body[begin : begin + 100]
            pieces += head + len(part).to_bytes(2, "big") + part
    again = answer.question.read(Raw(0, pieces, 0.1), "node n1")
    assert (again.suite, again.chain) == (answer.suite, answer.chain)
    # An answer that is cut off anywhere is none, and never an error.
    for length in range(0, len(pieces), 37):
        answer.question.read(Raw(0, pieces[:length], 0.1), "node n1")


def test_what_is_wrong_with_a_certificate_is_told(serving):
    with serving(issue("kube-apiserver", ("10.96.0.1", "*.example.org"), days=3)) as port:
        answer = ask(TlsHello("127.0.0.1", port))
    with pytest.raises(AssertionError, match=r"for kubernetes too; this one is for \*\.example\.org, 10\.96"):
        answer.must_cover(["10.96.0.1", "a.example.org", "kubernetes"])
    with pytest.raises(AssertionError, match="valid for 7 more days; this one ends 2026-11-27"):
        answer.must_be_valid(NOW, 7)
    with pytest.raises(AssertionError, match="another key than that of the CA CN=kubernetes"):
        answer.must_lead_to((NAMESAKE,), "our CA", NOW)
    with pytest.raises(AssertionError, match=r"which is not the CA \(CN=else\)"):
        answer.must_lead_to((certificate("else", issuer="else"),), "our CA", NOW)


def test_keys_are_unique_and_short():
    keys = {
        TlsHello("10.0.0.1", 443).key,
        TlsHello("10.0.0.1", 443, PROMISED).key,
        TlsHello("10.0.0.1", 443, WEAK).key,
        TlsHello("10.0.0.1", 443, weak_suites(WEAK[:1])).key,
        TlsHello("10.0.0.1", 443, server_name="api.example.org").key,
        TlsHello("fd00::1", 443).key,
    }
    assert len(keys) == 6
    assert max(map(len, keys)) < 150
    assert "tls [fd00::1]:443" in keys


def test_suites_go_by_the_names_of_kubernetes_flags():
    assert known_suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305")
    assert not known_suite("TLS_AES_128_GCM_SHA256")  # of TLS 1.3, which no flag turns off
    assert len(set(SUITES.values())) == len(SUITES)
    assert not set(STRONG) & set(WEAK)
    assert TlsHello("10.0.0.1", 1, ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",)).hello
