"""What kubecheck asks itself through the API server, and how clocks are compared."""

from dataclasses import replace

import pytest

from kubecheck.checks import (
    AnonymousGet,
    CannotTell,
    PodClock,
    PodExec,
    PodForward,
    PodLog,
    Policy,
    ServerClock,
    Site,
    Vantage,
    middle,
)
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.errors import SILENCE
from kubecheck.fleet import requests
from kubecheck.outcomes import NotApplicable
from kubecheck.probes import Raw
from kubecheck.probes.requests import BROKE_OFF, UNREACHABLE
from kubecheck.survey.asking import LiveAsker
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from tests.nodes import test_clocks as clocks
from tests.nodes import test_kubectl as kubectl

WHERE = "where kubecheck runs, through the API server"


def answer(request, status, text):
    return request.read(Raw(status, text.encode(), 0.2), WHERE)


def clock(node, said, sent=100.0, received=100.4):
    return answer(PodClock("ns", node), 0, f"sent={sent} received={received} said={said}")


class TestWhatCameBack:
    def test_exec_and_logs_say_their_line(self):
        for request in (PodExec("ns", "probe-a"), PodLog("ns", "probe-a")):
            answer(request, 0, "kubecheck\n").must_say("kubecheck")
            with pytest.raises(AssertionError, match=f"{request.verb} ns/probe-a .*: nothing"):
                answer(request, 0, "").must_say("kubecheck")

    def test_a_kubelet_that_is_not_reached_is_a_failure(self):
        words = "error dialing backend: dial tcp 192.168.232.211:10250: connect: connection refused"
        with pytest.raises(AssertionError, match="500 error dialing backend"):
            answer(PodExec("ns", "probe-a"), 500, words).must_say("kubecheck")
        with pytest.raises(AssertionError, match="had not ended"):
            answer(PodExec("ns", "probe-a"), BROKE_OFF, "exec had not ended after 10 s").must_say("kubecheck")

    @pytest.mark.parametrize("status", [UNREACHABLE, 401, 403, 404, 429])
    def test_what_says_nothing_of_the_node_cannot_be_told(self, status):
        with pytest.raises(CannotTell):
            answer(PodLog("ns", "probe-a"), status, "no").must_say("kubecheck")

    def test_port_forward_names_who_answered(self):
        said = "namespace=ns pod=probe-a server=127.0.0.1 client=127.0.0.1"
        answer(PodForward("ns", "probe-a"), 0, said).must_come_from("probe-a", "ns")
        with pytest.raises(AssertionError, match="expected an answer of pod ns/probe-b"):
            answer(PodForward("ns", "probe-b"), 0, said).must_come_from("probe-b", "ns")

    @pytest.mark.parametrize(
        ("status", "text", "outcome"),
        [
            (0, "HTTP/1.1 401 Unauthorized", None),
            (0, "HTTP/1.1 403 Forbidden", None),
            (0, "HTTP/1.1 200 OK", AssertionError),
            (0, "SSH-2.0-x", CannotTell),
            (BROKE_OFF, "no answer from 192.168.232.211:10250", CannotTell),
        ],
    )
    def test_anonymous(self, status, text, outcome):
        found = answer(AnonymousGet("ns", "probe-a", "192.168.232.211", 10250, "/pods"), status, text)
        if outcome is None:
            found.must_be_refused()
        else:
            with pytest.raises(outcome, match="anonymous GET https:"):
                found.must_be_refused()


class TestClocks:
    def judge(self, answers, **policy):
        clocks.test_clocks_agree(answers, Policy.model_validate({"nodes": policy}))

    def test_offset_and_its_inexactness(self):
        ahead, inexact = clock("a", said=1000).offset()
        assert ahead == pytest.approx(900.3)  # between 1000 - 100.4 and 1001 - 100.0
        assert inexact == pytest.approx(0.7)

    def test_clocks_that_agree(self):
        self.judge({"a": clock("a", 1000), "b": clock("b", 1001), clocks.SERVER: clock("s", 1000)})

    def test_one_that_is_ahead_is_named(self):
        answers = {"a": clock("a", 1000), "b": clock("b", 1060), "c": clock("c", 1000)}
        with pytest.raises(
            AssertionError, match=r"1 of 3 fail: b\nb: the clock of b is 60.0 s ahead of"
        ) as said:
            self.judge(answers)
        assert "the clock of a" not in str(said.value)

    def test_of_two_the_api_server_is_right(self):
        with pytest.raises(
            AssertionError, match=r"1 of 2 fail: a\na: the clock of a is 60.0 s behind that of the API"
        ):
            self.judge({"a": clock("a", 1000), clocks.SERVER: clock("s", 1060)})

    def test_a_slow_exec_blames_nobody(self):
        slow = clock("b", 1006, sent=100.0, received=112.0)
        self.judge(
            {"a": clock("a", 1000), "b": slow, clocks.SERVER: clock("s", 1000)}, max_clock_skew_seconds=1
        )

    def test_what_could_not_be_read(self):
        with pytest.raises(CannotTell, match="1 of 2 clocks could be read"):
            self.judge({"a": CannotTell("no pod"), clocks.SERVER: clock("s", 1000)})
        answers = {"a": CannotTell("no pod"), "b": clock("b", 1000), clocks.SERVER: clock("s", 1000)}
        with pytest.raises(CannotTell, match="could not be told: a"):
            self.judge(answers)
        with pytest.raises(CannotTell):
            answer(PodClock("ns", "a"), 500, "no kubelet").offset()

    def test_middle(self):
        offsets = {"a": (0.0, 0.5), "b": (1.0, 0.5), "c": (50.0, 0.5)}
        assert middle(offsets, "s") == "b"
        assert middle({**offsets, "s": (0.5, 0.5)}, "s") == "s"
        assert middle({"a": (9.0, 0.5), "s": (0.0, 0.5)}, "s") == "s"

    def test_a_node_without_a_probe_pod_stays_in_its_place(self):
        standing = make_standing(
            (
                "node1",
                "node2",
            )
        )
        broken = replace(standing.probes[0], problem="ErrImagePull")
        site = Site(
            Vantage("fleet"), make_facts(("node1", "node2",)), Policy(),
            replace(standing, probes=(broken, *standing.probes[1:])),
        )  # fmt: skip
        asked = clocks.clocks(site)
        assert isinstance(asked["node1"], CannotTell)
        assert asked["node2"] == PodClock("kubecheck-r1", "probe-node2")
        assert asked[clocks.SERVER] == ServerClock()


def test_vantage_of_kubectl_is_the_pod_on_the_node():
    site = Site(
        Vantage("kubectl", "node2"),
        make_facts(
            (
                "node1",
                "node2",
            )
        ),
        Policy(),
        make_standing(
            (
                "node1",
                "node2",
            )
        ),
    )
    assert site.origin == WHERE
    probe = kubectl.probe_on(site)
    assert (probe.network, probe.name) == ("pod", "probe-node2")


class FakeApi:
    def __init__(self, problem=None):
        self.problem = problem

    def text(self, path, **query):
        if self.problem:
            raise self.problem
        return f"kubecheck {path.rpartition('/')[2]} {query['tailLines']}"

    def clock(self):
        return "2026-01-01T00:00:00+00:00"


class TestCarryingOut:
    def test_log(self):
        raw = requests.carry_out(FakeApi(), PodLog("ns", "p"), 1)
        assert (raw.status, raw.text) == (0, "kubecheck log 1")

    def test_refusals_become_statuses(self):
        refused = FakeApi(ApiError(403, "Forbidden", "pods/log is forbidden"))
        assert requests.carry_out(refused, PodLog("ns", "p"), 1).status == 403
        away = FakeApi(ApiError(0, "Unreachable", "connection refused"))
        assert requests.carry_out(away, PodLog("ns", "p"), 1).status == UNREACHABLE
        silent = FakeApi(ApiError(0, SILENCE, "no answer in time"))
        assert requests.carry_out(silent, PodLog("ns", "p"), 1).status == BROKE_OFF

    def test_the_api_servers_time(self):
        raw = requests.carry_out(FakeApi(), ServerClock(), 1)
        assert ServerClock().read(raw, WHERE).offset()[1] >= 0.5
        assert "said=1767225600" in raw.text

    @pytest.mark.parametrize(
        ("first", "limits"),
        [
            (Raw(404, b"gone", 0.1), [10, 10]),
            (Raw(BROKE_OFF, b"exec had not ended after 10 s", 10.2), [10, 20]),
            (Raw(0, b"kubecheck", 10.2), [10]),
        ],
    )
    def test_what_is_inconclusive_or_silent_is_asked_once_more(self, monkeypatch, first, limits):
        tries = []

        def carry_out(api, request, seconds):
            tries.append(seconds)
            return first if len(tries) == 1 else Raw(0, b"kubecheck", 0.1)

        monkeypatch.setattr("kubecheck.survey.asking.carry_out", carry_out)
        site = Site(Vantage("kubectl", "n"), make_facts(("n",)), Policy(), make_standing(("n",)))
        request = PodLog("ns", "p")
        assert LiveAsker(FakeApi())(site, [request])[request.key].status == 0
        assert tries == limits

    def test_what_a_starved_kubecheck_did_not_hear_cannot_be_told(self, monkeypatch):
        monkeypatch.setattr("kubecheck.survey.asking.carry_out", lambda *_: Raw(BROKE_OFF, b"no answer", 10))
        asker = LiveAsker(FakeApi())
        monkeypatch.setattr(asker.clock, "late", lambda _since: 2.5)
        site = Site(Vantage("kubectl", "n"), make_facts(("n",)), Policy(), make_standing(("n",)))
        request = PodExec("ns", "p")
        with pytest.raises(CannotTell, match=r"for want of CPU everything there was 2\.50 s late"):
            request.read(asker(site, [request])[request.key], WHERE).must_say("kubecheck")

    def test_a_refusal_is_not_asked_again(self, monkeypatch):
        answers = iter([Raw(500, b"refused", 0.1)])
        monkeypatch.setattr("kubecheck.survey.asking.carry_out", lambda *_: next(answers))
        site = Site(Vantage("kubectl", "n"), make_facts(("n",)), Policy(), make_standing(("n",)))
        assert LiveAsker(FakeApi())(site, [PodExec("ns", "p")])[PodExec("ns", "p").key].status == 500


def test_without_node_access_its_checks_do_not_apply():
    from tests.nodes import test_disks, test_kubelet_process, test_runtime

    site = Site(Vantage("node", "n"), make_facts(("n",)), Policy(), make_standing(("n",)))
    for asks in (test_disks.disks, test_kubelet_process.process, test_runtime.files):
        with pytest.raises(NotApplicable, match="--node-access"):
            asks(site)
        asks(replace(site, fleet=replace(site.fleet, node_access=True)))
