import pytest

from bench.peers import COVERED, Told, _outcomes, _page
from kubecheck.report.runbook import LINES

# As ginkgo writes it: what the focus leaves out is there too, and so is the suite's own beginning.
JUNIT = """\
<testsuites><testsuite>
  <testcase name="[SynchronizedBeforeSuite]" status="passed"/>
  <testcase name="[It] [sig-network] DNS should provide DNS for  the cluster [Conformance]" status="passed"/>
  <testcase name="[It] [sig-network] DNS should provide DNS for services [Conformance]" status="failed"/>
  <testcase name="[It] [sig-apps] Deployment should roll" status="skipped"/>
</testsuite></testsuites>
"""


def test_only_specs_that_ran_count():
    assert dict(_outcomes(JUNIT)) == {
        "[It] [sig-network] DNS should provide DNS for the cluster [Conformance]": "passed",
        "[It] [sig-network] DNS should provide DNS for services [Conformance]": "failed",
    }


@pytest.fixture
def page():
    verdict = {
        "cluster": {"version": "v1.37.2", "nodes": [{}, {}, {}]},
        "catalogue": {"dns.a": {"runbook": ["R7"]}, "dns.b": {"runbook": ["R7", "R8"]}},
        "checks": [
            {"id": "dns.a", "outcome": "passed"},
            {"id": "dns.a", "outcome": "not_applicable"},
            {"id": "dns.b", "outcome": "passed"},
        ],
    }
    passed = {name for name, outcome in _outcomes(JUNIT) if outcome == "passed"}
    return _page(
        [Told("hydrophone --focus 'a|b'", 61.4, "1 of 2 specs passed, exit code 1")], verdict, passed
    )


def test_a_line_tells_how_many_results_kubecheck_has_for_it(page):
    assert "| 1 not applicable, 2 passed |" in next(row for row in page.splitlines() if "| R7 |" in row)


def test_a_line_is_covered_only_by_a_spec_that_passed(page):
    rows = {row.split(" | ")[0]: row for row in page.splitlines() if row.startswith("| R")}
    assert list(rows) == [f"| {line}" for line in LINES]
    assert "not passed: DNS should provide DNS for services" in rows["| R7"]
    assert COVERED["R8"][1] in rows["| R8"]
    assert rows["| R25"].endswith("|  |")


def test_a_command_stays_in_its_cell(page):
    assert r"| `hydrophone --focus 'a\|b'` | 61 | 1 of 2 specs passed, exit code 1 |" in page
