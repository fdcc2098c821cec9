from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.outcomes import CannotTell
from kubecheck.probes import Raw, Resolve
from kubecheck.probes.question import KILLED, STARVED


@pytest.fixture(scope="module")
def answers(pod, dns_server, http_port, refusing_port, silent_port, without):
    return pod.ask(
        {
            "bare": Resolve("probe", http_port),
            "with a dot": Resolve("kubernetes.default", refusing_port),
            "silent": Resolve("kubernetes.default.svc.cluster.test", silent_port),
            "missing": Resolve("nowhere", http_port),
            "unanswered": Resolve("silent.test", http_port),
            "no wget": without(Resolve("absent", http_port), "wget"),
        },
        seconds=2,
    )


def test_a_bare_name_is_found_through_the_search_path(answers, dns_server):
    answer = answers["bare"]
    assert answer.resolved == "127.0.0.1"
    answer.must_be("127.0.0.1", dns_server)


def test_a_name_with_a_dot_is_found_though_the_connection_is_refused(answers, dns_server):
    answers["with a dot"].must_be("127.0.0.1", dns_server)


def test_a_server_that_says_nothing_does_not_matter(answers, dns_server):
    answers["silent"].must_be("127.0.0.1", dns_server)
    assert answers["silent"].raw.seconds < 10


def test_the_resolv_conf_that_was_used_is_told(answers, dns_server):
    assert answers["bare"].nameservers == (dns_server,)
    assert answers["bare"].search == ("ns1.svc.cluster.test", "svc.cluster.test")


def test_another_address_or_another_nameserver_is_a_failure(answers, dns_server):
    with pytest.raises(AssertionError, match=r"expected 10\.96\.0\.1$"):
        answers["bare"].must_be("10.96.0.1", dns_server)
    with pytest.raises(AssertionError, match=r"expected nameserver 10\.96\.0\.10 in the pod's resolv\.conf"):
        answers["bare"].must_be("127.0.0.1", "10.96.0.10")


def test_a_name_that_does_not_exist_is_a_failure_that_tells_who_was_asked(answers, dns_server):
    answer = answers["missing"]
    assert answer.resolved == ""
    assert answer.raw.status != 0, "so that a question that may settle is asked again"
    with pytest.raises(AssertionError, match=f"no address .nameserver {dns_server}, search ns1"):
        answer.must_be("127.0.0.1", dns_server)


def test_a_lookup_that_nobody_answers_is_told_from_a_name_that_does_not_exist(answers, dns_server):
    unanswered = answers["unanswered"]
    assert unanswered.raw.status in KILLED
    assert (unanswered.nonexistent, answers["missing"].nonexistent) == (False, True)
    with pytest.raises(AssertionError, match=f"no answer in time .nameserver {dns_server}"):
        replace(unanswered, raw=replace(unanswered.raw, idle=0.0)).must_be("127.0.0.1", dns_server)
    starved = replace(unanswered, raw=replace(unanswered.raw, idle=STARVED))
    assert starved.may_change
    with pytest.raises(CannotTell):
        starved.must_be("127.0.0.1", dns_server)


def test_without_wget_nothing_is_learnt_and_its_words_are_told(answers, dns_server):
    with pytest.raises(CannotTell, match="no-such-program"):
        answers["no wget"].must_be("127.0.0.1", dns_server)


def read(text, status=0):
    return Resolve("kubernetes.default", 443).read(Raw(status, text.encode(), 0.01), "pod")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("Connecting to kubernetes.default:443 (10.96.0.1:443)", "10.96.0.1"),
        ("Connecting to kubernetes.default:443 ([fd00::1]:443)", "fd00::1"),
        ("Connecting to kubernetes.default:443 (fd00::1:443)", "fd00::1"),
        ("wget: bad address 'kubernetes.default:443'", ""),
    ],
)
def test_what_wget_prints_is_read(line, address):
    answer = read(f"search a b\nnameserver 10.96.0.10\nnameserver 10.96.0.11\n{line}\n")
    assert answer.resolved == address
    assert answer.nameservers == ("10.96.0.10", "10.96.0.11")
    assert answer.search == ("a", "b")


def test_an_empty_resolv_conf_is_told():
    answer = read("wget: bad address 'kubernetes.default:443'\n", status=1)
    assert answer.got == "no address (nameserver none, search none)"
    with pytest.raises(AssertionError):
        answer.must_be("10.96.0.1", "10.96.0.10")


@given(output=st.binary(max_size=200))
def test_any_output_is_read_without_an_error(output):
    answer = Resolve("x", 1).read(Raw(1, output, 0.0), "pod")
    assert answer.got
