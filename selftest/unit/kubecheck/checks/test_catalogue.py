"""The checks as a whole: each is told properly, and each line of the runbook has one."""

import pytest

from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.checks.check import Check
from kubecheck.report.runbook import LINES, table

CHECKS = load_checks(suites())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_says_what_why_and_how_to_mend_it(check: Check):
    assert "Source: " in check.doc, "its docstring cites no source"
    assert len(check.doc.split("\n\n")) >= 2, "its docstring does not say why it matters"
    assert check.remedy
    assert all(step.strip() for step in check.remedy)
    assert not check.title.endswith(".")
    assert set(check.runbook) <= set(LINES)


def test_every_line_of_the_runbook_has_a_check():
    without = [line for line, _, check, _ in table(CHECKS, None) if check == "no check"]
    assert without == []


def test_the_table_tells_the_worst_outcome_of_a_check():
    check = next(check for check in CHECKS if "R9" in check.runbook)
    verdict = {
        "checks": [
            {"id": check.id, "outcome": "passed"},
            {"id": check.id, "outcome": "failed"},
            {"id": check.id, "outcome": "unknown"},
        ]
    }
    rows = {(line, name): outcome for line, _, name, outcome in table([check], verdict)}
    assert rows["R9", check.id] == "failed"
    assert rows["R1", "no check"] == "not run"
