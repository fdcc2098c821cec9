import threading

import pytest

from kubecheck.checks import PODS, HttpGet, NotApplicable, Policy, TcpConnect, Vantage
from kubecheck.checks.check import Check
from kubecheck.cluster.deadline import Deadline
from kubecheck.outcomes import CannotTell
from kubecheck.probes import Raw
from kubecheck.survey import Survey
from kubecheck.survey.asking import RecordAsker

NODE1, NODE2 = Vantage("pod", "node1"), Vantage("pod", "node2")
API_SERVER, DNS = TcpConnect("10.96.0.1", 443), TcpConnect("10.96.0.10", 53)
FINE, REFUSED = Raw(0, b"", 0.01), Raw(1, b"nc: can't connect to remote host: Connection refused", 0.01)


def check_of(name, asks):
    asked = asks if callable(asks) or asks is None else lambda _site: asks
    return Check(f"network.{name}", name, PODS, asked, (), (), "")


def refuse(problem):
    def asks(_site):
        raise problem

    return asks


@pytest.fixture
def survey(facts, standing):
    """Makes a survey of checks at vantages, answered by an asker (a record unless told otherwise)."""

    def make(selected, answers=None, troubles=None, asker=None, stand=None, seconds=None):
        asker = asker or RecordAsker(answers or {}, troubles or {})
        return Survey(selected, facts, Policy(), stand or (lambda: standing), asker, Deadline(seconds))

    return make


def test_an_answer_of_a_record_is_judged_as_if_it_were_fresh(survey):
    reaches = check_of("reaches", API_SERVER)
    made = survey(
        {NODE1: [reaches], NODE2: [reaches]},
        {"pod:node1": {API_SERVER.key: FINE}, "pod:node2": {API_SERVER.key: REFUSED}},
    )
    made.answer(reaches, NODE1).must_connect()
    with pytest.raises(
        AssertionError, match="pod kubecheck-r1/probe-node2 on node node2: connection refused"
    ):
        made.answer(reaches, NODE2).must_connect()
    assert made.answers == {
        "pod:node1": {API_SERVER.key: FINE},
        "pod:node2": {API_SERVER.key: REFUSED},
    }
    assert made.troubles == {}


def test_an_answer_that_the_record_lacks_cannot_be_told(survey):
    reaches = check_of("reaches", API_SERVER)
    with pytest.raises(CannotTell, match=r"asked tcp 10\.96\.0\.1:443 from pod .*no answer came back"):
        survey({NODE1: [reaches]}, {"pod:node1": {DNS.key: FINE}}).answer(reaches, NODE1)


def test_a_vantages_trouble_is_the_reason_of_all_its_checks_and_of_no_others(survey):
    first, second = check_of("first", API_SERVER), check_of("second", {"dns": DNS})
    made = survey(
        {NODE1: [first, second], NODE2: [first]},
        {"pod:node2": {API_SERVER.key: FINE}},
        {"pod:node1": "exec was refused"},
    )
    for check in (first, second):
        with pytest.raises(CannotTell, match="exec was refused"):
            made.answer(check, NODE1)
    made.answer(first, NODE2).must_connect()
    assert made.troubles == {"pod:node1": "exec was refused"}
    assert "pod:node1" not in made.answers


def test_many_targets_are_answered_each_on_its_own(survey):
    unasked = CannotTell("its probe pod does not run")
    reaches = check_of(
        "reaches", {"api": API_SERVER, "dns": DNS, "gone": unasked, "lost": HttpGet("10.1.1.1", 80)}
    )
    made = survey({NODE1: [reaches]}, {"pod:node1": {API_SERVER.key: FINE, DNS.key: REFUSED}})
    found = made.answer(reaches, NODE1)
    assert list(found) == ["api", "dns", "gone", "lost"]
    assert found["api"].connected
    assert not found["dns"].connected
    assert found["gone"] is unasked
    assert isinstance(found["lost"], CannotTell)


@pytest.mark.parametrize("problem", [CannotTell("no DNS Service"), NotApplicable("no such addon")], ids=repr)
def test_a_check_that_cannot_ask_says_why_and_the_others_go_on(survey, problem):
    good, bad = check_of("good", API_SERVER), check_of("bad", refuse(problem))
    made = survey({NODE1: [bad, good]}, {"pod:node1": {API_SERVER.key: FINE}})
    with pytest.raises(type(problem), match=str(problem)):
        made.answer(bad, NODE1)
    made.answer(good, NODE1).must_connect()


def test_a_check_whose_question_breaks_harms_no_other(survey):
    good, bad = check_of("good", API_SERVER), check_of("bad", refuse(KeyError("kubecheck-r1/probe")))
    made = survey({NODE1: [bad, good]}, {"pod:node1": {API_SERVER.key: FINE}})
    made.answer(good, NODE1).must_connect()
    with pytest.raises(KeyError, match="probe"):
        made.answer(bad, NODE1)


def test_why_a_check_could_not_ask_outweighs_the_vantages_trouble(survey):
    bad, good = check_of("bad", refuse(NotApplicable("no such addon"))), check_of("good", API_SERVER)
    made = survey({NODE1: [bad, good]}, troubles={"pod:node1": "exec was refused"})
    with pytest.raises(NotApplicable):
        made.answer(bad, NODE1)


class CountingAsker:
    """Answers everything with "fine" and notes what it was asked, vantage by vantage."""

    def __init__(self):
        self.asked = []

    def __call__(self, site, questions):
        self.asked.append((str(site.vantage), [(question.key, question.settles) for question in questions]))
        return {question.key: FINE for question in questions}


def test_every_vantage_is_asked_once_and_every_question_once(survey):
    asker = CountingAsker()
    checks = [check_of("a", API_SERVER), check_of("b", {"x": API_SERVER, "y": DNS}), check_of("c", DNS)]
    made = survey({NODE1: checks, NODE2: checks}, asker=asker)
    for _ in range(2):
        for check in checks:
            made.answer(check, NODE1)
            made.answer(check, NODE2)
    both = [(API_SERVER.key, False), (DNS.key, False)]
    assert sorted(asker.asked) == [("pod:node1", both), ("pod:node2", both)]


@pytest.mark.parametrize("order", [(True, False), (False, True)], ids=str)
def test_of_two_checks_that_ask_the_same_the_patient_one_asks(survey, order):
    asker = CountingAsker()
    checks = [check_of(str(settles), HttpGet("10.96.1.1", 80, settles=settles)) for settles in order]
    survey({NODE1: checks}, asker=asker).answer(checks[0], NODE1)
    assert asker.asked == [("pod:node1", [("GET http://10.96.1.1:80/", True)])]


def test_nothing_is_asked_before_it_is_wanted_and_the_fleet_stands_once(survey, standing):
    asker, stood = CountingAsker(), []
    check = check_of("a", API_SERVER)
    made = survey({NODE1: [check], NODE2: [check]}, asker=asker, stand=lambda: stood.append(1) or standing)
    assert (asker.asked, stood) == ([], [])
    threads = [threading.Thread(target=made.answer, args=(check, vantage)) for vantage in (NODE1, NODE2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asker.asked) == 2
    assert stood == [1]


def test_vantages_are_asked_side_by_side(survey):
    both_are_asking = threading.Barrier(2)

    def asker(_site, questions):
        both_are_asking.wait(timeout=10)
        return {question.key: FINE for question in questions}

    check = check_of("a", API_SERVER)
    survey({NODE1: [check], NODE2: [check]}, asker=asker).answer(check, NODE1).must_connect()


def test_a_fleet_that_does_not_stand_is_every_answers_reason(survey):
    check = check_of("a", API_SERVER)
    made = survey({NODE1: [check]}, stand=lambda: refuse(CannotTell("Namespace was refused"))(None))
    with pytest.raises(CannotTell, match="Namespace was refused"):
        made.answer(check, NODE1)


def test_what_is_not_answered_by_the_deadline_cannot_be_told(survey):
    reaches, never = check_of("reaches", API_SERVER), threading.Event()

    def asker(site, _questions):
        if site.vantage == NODE2:
            never.wait(10)
        return {API_SERVER.key: FINE}

    made = survey({NODE1: [reaches], NODE2: [reaches]}, asker=asker, seconds=0.2)
    made.answer(reaches, NODE1).must_connect()
    with pytest.raises(CannotTell, match=r"the deadline of 0\.2 s was over before pod:node2 had answered"):
        made.answer(reaches, NODE2)
    made.answer(reaches, NODE1).must_connect()
    never.set()
