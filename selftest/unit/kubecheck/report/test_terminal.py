from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis import Diagnosis
from kubecheck.outcomes import Outcome, verdict_of
from kubecheck.report.document import Ending
from kubecheck.report.terminal import CHECKS_TOLD, LINES, plain, tell


class Screen:
    def __init__(self):
        self.lines = []

    def write_line(self, line, **markup):
        self.lines.append(line)

    def write_sep(self, sep, title=None, **markup):
        self.lines.append(f"== {title}")


@pytest.fixture
def told(facts):
    """What the terminal shows of results."""

    def show(*results):
        screen = Screen()
        verdict = verdict_of(result.outcome for result in results)
        ending = Ending(
            list(results), verdict, Diagnosis(), {}, facts, "r1", datetime.now(UTC), interrupted=False
        )
        tell(ending, screen, Path("reports"))
        return screen.lines

    return show


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b[H", "\r", "\b\b", "\x9b31m", "\x07", "\u202e", "\u2028", "\ud800"]
)
def test_what_steers_a_terminal_is_replaced(text):
    assert plain(f"a{text}b").isprintable()
    assert plain(f"a{text}b").startswith("a")
    assert plain(f"a{text}b").endswith("b")


def test_ordinary_text_and_lines_stay_as_they_are():
    assert plain("Knoten ä: 10.96.0.1\nline two: 東京") == "Knoten ä: 10.96.0.1\nline two: 東京"


@given(st.text())
def test_any_text_becomes_harmless(text):
    assert all(line.isprintable() for line in plain(text).split("\n"))
    assert len(plain(text)) == len(text)


def test_all_that_passed_is_a_line(told, result):
    assert told(result(), result(vantage="pod:node2")) == ["reports: reports"]


def test_a_check_is_told_once_with_all_its_vantages(told, result):
    lines = told(
        result(outcome=Outcome.FAILED, message="no answer"),
        result(outcome=Outcome.FAILED, message="no answer", vantage="pod:node2"),
        result(outcome=Outcome.UNKNOWN, message="no probe pod", check="dns.x", vantage="pod:node3"),
    )
    assert lines == [
        "== failed",
        "network.pod_to_pod (R13): Every pod reaches a pod on every node",
        "  at: pod:node1, pod:node2",
        "  no answer",
        "  next: kubectl get nodes",
        "== could not be told",
        "dns.x (R13): Every pod reaches a pod on every node",
        "  at: pod:node3",
        "  no probe pod",
        "  next: kubectl get nodes",
        "reports: reports",
    ]


def test_a_message_is_plain_and_its_length_is_told(told, result):
    message = "\n".join(["\x1b[31mred"] + [f"line {number}" for number in range(LINES + 2)])
    lines = told(result(outcome=Outcome.FAILED, message=message))
    assert "  \ufffd[31mred" in lines
    assert "  ... 3 more lines in the report" in lines


def test_a_flood_of_failures_is_told_in_short(told, result):
    count = CHECKS_TOLD + 5
    lines = told(*(result(outcome=Outcome.FAILED, check=f"a.check{n}", message="x") for n in range(count)))
    assert sum("Every pod reaches" in line for line in lines) == CHECKS_TOLD
    assert "... and 5 more checks, all in reports/verdict.json" in lines
