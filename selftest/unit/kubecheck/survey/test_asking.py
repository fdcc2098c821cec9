"""What a probe pod is asked twice, and what once."""

import pytest

from kubecheck.checks import Policy, Site, Vantage
from kubecheck.fleet.stream import ExecProblem
from kubecheck.outcomes import CannotTell
from kubecheck.probes import Ping, TcpConnect
from kubecheck.survey import asking
from kubecheck.survey.asking import ExecAsker
from selftest.unit.kubecheck.probes.printed import printed

TCP, PING = TcpConnect("10.96.0.1", 443), Ping("10.0.0.1")
STARVED = "143 1 10.00 13.00 13.00 14.00"
FAILED = "1 1 10.00 10.01 10.01 10.02"
FINE = "0 1 10.00 10.01 0 0"


@pytest.fixture
def ask(facts, standing, monkeypatch):
    """Asks ``question`` of a pod whose scripts print ``outputs``, or fail; the answer, and how many ran."""

    def asked(question, *outputs):
        ran = []

        def run_script(*_):
            ran.append(outputs[len(ran)])
            if isinstance(ran[-1], Exception):
                raise ran[-1]
            return ran[-1]

        monkeypatch.setattr(asking, "run_script", run_script)
        site = Site(Vantage("pod", "node1"), facts, Policy(), standing)
        return ExecAsker(None)(site, [question])[question.key], len(ran)

    return asked


def test_a_conclusive_answer_is_not_asked_for_again_whatever_it_says(ask):
    for told, status in ((FINE, 0), (FAILED, 1)):
        raw, ran = ask(TCP, printed(tcp=told, output="nc: can't connect to remote host: Connection refused"))
        assert (raw.status, ran) == (status, 1)


def test_silence_at_a_starved_vantage_is_asked_for_once_more(ask):
    assert ask(TCP, printed(tcp=STARVED), printed(tcp=FINE))[0].status == 0
    assert ask(TCP, printed(tcp=STARVED), printed(tcp=STARVED))[1] == 2, "and no third time"


def test_what_did_not_come_back_is_asked_for_once_more(ask):
    assert ask(TCP, printed(), printed(tcp=FINE)) == (ask(TCP, printed(tcp=FINE))[0], 2)
    assert ask(TCP, ExecProblem("broke off"), printed(tcp=FINE))[1] == 2
    with pytest.raises(CannotTell, match="broke off"):
        ask(TCP, ExecProblem("broke off"), ExecProblem("broke off"))


def test_a_busybox_that_can_send_no_answers_is_told(ask):
    with pytest.raises(CannotTell, match="its busybox lacks tar, gzip or base64"):
        ask(TCP, b"kubecheck-answers\n", b"kubecheck-answers\n")


@pytest.mark.parametrize(
    ("told", "output"),
    [
        (FAILED, "ping: permission denied (are you root?)"),
        (FAILED.replace("1", "127", 1), "sh: ping: not found"),
    ],
)
def test_what_a_pod_may_not_or_cannot_do_is_asked_once(ask, told, output):
    raw, ran = ask(PING, printed(ping=told, output=output))
    assert ran == 1
    assert not PING.read(raw, "").conclusive
