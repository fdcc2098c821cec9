from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis import Diagnosis
from kubecheck.outcomes import Outcome, verdict_of
from kubecheck.report.document import Ending
from kubecheck.report.junit import junit, junit_without_verdict

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def parsed(facts_of):
    """The report of results and causes, read again."""

    def read(*results, causes=()):
        verdict = verdict_of(result.outcome for result in results)
        ending = Ending(
            list(results), verdict, Diagnosis(tuple(causes)), {}, facts_of(("node1",)), "r1", STARTED,
            interrupted=False,
        )  # fmt: skip
        return ElementTree.fromstring("".join(junit(ending)).encode())

    return read


def cases(root):
    return list(root.iter("testcase"))


def test_each_outcome_has_its_own_element(parsed, result):
    root = parsed(*(result(outcome=outcome, vantage=outcome, message="why") for outcome in Outcome))
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    title = "Every pod reaches a pod on every node"
    assert cases == {
        f"{title} [passed]": [],
        f"{title} [failed]": ["failure"],
        f"{title} [unknown]": ["error"],
        f"{title} [not-applicable]": ["skipped"],
    }


def test_the_numbers_are_those_of_the_results(parsed, result):
    outcomes = [Outcome.PASSED] * 4 + [Outcome.FAILED] * 3 + [Outcome.UNKNOWN] * 2 + [Outcome.NOT_APPLICABLE]
    root = parsed(*(result(outcome=outcome) for outcome in outcomes))
    for element in (root, root[0]):
        said = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
        assert said == {"tests": "10", "failures": "3", "errors": "2", "skipped": "1", "time": "2.500"}
    assert root[0].get("timestamp") == "2026-01-02T03:04:05"


def test_the_message_and_the_next_steps_are_in_the_failure(parsed, result):
    failure = parsed(result(outcome=Outcome.FAILED, message="first\nsecond")).find(".//failure")
    assert failure.get("message") == "first"
    assert failure.text.splitlines() == ["first", "second", "next: kubectl get nodes"]


def test_no_results_are_a_report_too(parsed):
    assert parsed().get("tests") == "0"


@pytest.mark.parametrize(
    "hostile",
    [
        "</failure><testcase/>",
        "]]>",
        "\x1b[31mred",
        "\0",
        "&amp;",
        "\"'",
        "\ud800",
        "\ufffe",
        "\x85",
        "a\r\nb",
    ],
    ids=repr,
)
def test_hostile_text_stays_text(parsed, result, hostile):
    root = parsed(result(outcome=Outcome.FAILED, message=hostile, vantage=hostile, remedy=(hostile,)))
    assert [case.tag for case in root[0]] == ["properties", "testcase"]
    assert "next: " in root.find(".//failure").text


@given(text=st.text())
def test_any_text_makes_well_formed_xml(parsed, result, text):
    root = parsed(
        result(outcome=Outcome.FAILED, message=text, title=text, vantage=text, remedy=(text,)),
        result(outcome=Outcome.NOT_APPLICABLE, message=text),
    )
    assert len(cases(root)) == 2


def test_a_failure_names_its_cause_and_what_mends_it(parsed, result, caused):
    failed = result(outcome=Outcome.FAILED, message="no answer\nsecond")
    mute = result(outcome=Outcome.UNKNOWN, check="dns.x", message="nothing there")
    root = parsed(failed, mute, result(outcome=Outcome.FAILED, check="dns.y"), causes=[caused(failed, mute)])
    failure, error, other = (case[0] for case in cases(root))
    assert failure.get("message") == "no answer (cause: CoreDNS does not run)"
    assert failure.text.splitlines() == [
        "no answer",
        "second",
        "",
        "cause: CoreDNS does not run (certain)",
        "blames: Deployment/kube-system/coredns",
        "mend: kubectl -n kube-system scale deployment coredns --replicas=2",
    ]
    assert "cause: CoreDNS does not run" in error.text
    assert "cause" not in other.text


def test_beside_each_failure_stand_the_first_of_many(parsed, result, caused):
    failed = result(outcome=Outcome.FAILED, message="no answer")
    many = tuple(f"Node/n{number:03}" for number in range(600))
    root = parsed(failed, causes=[caused(failed, blames=many, remedy=tuple(f"drain {n}" for n in many))])
    text = root.find(".//failure").text
    assert "n007, ... and 592 more, in verdict.json" in text
    assert text.count("mend: ") == 9


def test_the_suite_says_what_was_judged(parsed, result, caused):
    failed = result(outcome=Outcome.FAILED)
    root = parsed(failed, causes=[caused(failed)])
    told = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert told["verdict"] == "NOT READY"
    assert told["kubernetes"] == "v1.36.4"
    assert told["cause.dns-not-running"] == "CoreDNS does not run"


# What readers take: GitLab the attributes name, classname, file and time, and the text of the element, or
# its message; Jenkins also properties and timestamp, in this order of elements.
def test_every_case_has_what_readers_take(parsed, result):
    outcomes = [*Outcome]
    root = parsed(*(result(outcome=outcome, message="why", vantage=outcome) for outcome in outcomes))
    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"]
    assert root[0][0].tag == "properties"
    for case in cases(root):
        assert case.get("file") == "tests/network/test_pods.py"
        assert case.get("classname") == "network.pod_to_pod"
        assert float(case.get("time")) == 0.25
        assert len(case) <= 1
        for detail in case:
            assert detail.get("message") == "why"
            assert detail.tag == "skipped" or detail.get("type")
    assert len({(case.get("classname"), case.get("name")) for case in cases(root)}) == len(outcomes)
    datetime.strptime(root[0].get("timestamp"), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def test_a_run_that_could_not_begin_is_one_error():
    root = ElementTree.fromstring(junit_without_verdict("the API server \x1b<is> away", STARTED).encode())
    assert (root.get("tests"), root.get("errors"), root.get("failures")) == ("1", "1", "0")
    (error,) = root.iter("error")
    assert error.get("message") == "NO VERDICT: the API server \ufffd<is> away"
