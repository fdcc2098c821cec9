from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.outcomes import Outcome
from kubecheck.report.junit import junit

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def parsed(*results):
    return ElementTree.fromstring(junit(results, STARTED, "r1").encode())


def test_each_outcome_has_its_own_element(result):
    root = parsed(*(result(outcome=outcome, vantage=outcome, message="why") for outcome in Outcome))
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    title = "Every pod reaches a pod on every node"
    assert cases == {
        f"{title} [passed]": [],
        f"{title} [failed]": ["failure"],
        f"{title} [unknown]": ["error"],
        f"{title} [not-applicable]": ["skipped"],
    }


def test_the_numbers_are_those_of_the_results(result):
    outcomes = [Outcome.PASSED] * 4 + [Outcome.FAILED] * 3 + [Outcome.UNKNOWN] * 2 + [Outcome.NOT_APPLICABLE]
    root = parsed(*(result(outcome=outcome) for outcome in outcomes))
    for element in (root, root[0]):
        said = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
        assert said == {"tests": "10", "failures": "3", "errors": "2", "skipped": "1", "time": "2.500"}
    assert root[0].get("timestamp") == "2026-01-02T03:04:05+00:00"


def test_the_message_and_the_next_steps_are_in_the_failure(result):
    failure = parsed(result(outcome=Outcome.FAILED, message="first\nsecond")).find(".//failure")
    assert failure.get("message") == "first"
    assert failure.text.splitlines() == ["first", "second", "next: kubectl get nodes"]


def test_no_results_are_a_report_too():
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
def test_hostile_text_stays_text(result, hostile):
    root = parsed(result(outcome=Outcome.FAILED, message=hostile, vantage=hostile, remedy=(hostile,)))
    assert [case.tag for case in root[0]] == ["testcase"]
    assert "next: " in root.find(".//failure").text


@given(text=st.text())
def test_any_text_makes_well_formed_xml(result, text):
    root = parsed(
        result(outcome=Outcome.FAILED, message=text, title=text, vantage=text, remedy=(text,)),
        result(outcome=Outcome.NOT_APPLICABLE, message=text),
    )
    assert len(root[0]) == 2
