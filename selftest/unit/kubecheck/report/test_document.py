import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.diagnosis import Diagnosis
from kubecheck.outcomes import Outcome, Verdict, verdict_of
from kubecheck.report.document import Ending, document, write_no_verdict, write_reports

OUTCOMES = [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED, Outcome.FAILED, Outcome.UNKNOWN]


@pytest.fixture
def ending(facts):
    """Makes a run's end out of results."""

    def make(*results, interrupted=False):
        verdict = verdict_of(result.outcome for result in results)
        started = datetime.now(UTC) - timedelta(seconds=2)
        return Ending(list(results), verdict, Diagnosis(), {"survey": 1.5}, facts, "r1", started, interrupted)

    return make


def test_every_outcome_is_counted_and_named(ending, result):
    counts = ending(*(result(outcome=outcome) for outcome in OUTCOMES)).counts()
    assert counts == {"passed": 2, "failed": 2, "unknown": 1, "not-applicable": 0}


def test_the_document_holds_the_verdict_the_counts_and_every_result(ending, result):
    body = document(ending(*(result(outcome=o, check=f"dns.{n}") for n, o in enumerate(OUTCOMES))))
    assert body["verdict"] == "NOT READY"
    assert sum(body["counts"].values()) == len(body["checks"]) == len(OUTCOMES)
    assert [check["outcome"] for check in body["checks"]] == [outcome.value for outcome in OUTCOMES]
    assert body["catalogue"]["dns.0"]["runbook"] == ["R13"]
    assert body["cluster"]["nodes"][1] == {"name": "node2", "kubelet": "v1.36.4", "ready": True}
    assert json.loads(json.dumps(body)) == body


def test_what_was_asked_of_the_api_is_told_where_it_was_asked(ending, result, tmp_path):
    live = replace(ending(result()), requests=RequestsMade({"GET": 3, "CONNECT": 1}, repeated=1))
    told = {"total": 4, "by_verb": {"GET": 3, "CONNECT": 1}, "repeated": 1}
    assert document(live)["requests"] == told
    assert document(ending(result()))["requests"] is None
    write_reports(live, tmp_path)
    page = (tmp_path / "verdict.html").read_text(encoding="utf-8")
    assert "4 requests to the API: 3 GET, 1 CONNECT" in page


def test_the_last_line_is_the_verdict_with_the_counts_that_are_not_nought(ending, result):
    line = ending(result(), result(outcome=Outcome.FAILED)).last_line()
    assert line.startswith("verdict: NOT READY (1 passed, 1 failed; ")
    assert "unknown" not in line


def test_the_last_line_of_an_empty_and_of_a_stopped_run(ending, result):
    assert ending().last_line().startswith("verdict: UNDECIDED (nothing was checked; ")
    assert "stopped before its end; 1 passed" in ending(result(), interrupted=True).last_line()


def test_the_reports_are_written_and_agree(ending, result, tmp_path):
    write_reports(ending(*(result(outcome=outcome, message="ü") for outcome in OUTCOMES)), tmp_path)
    body = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    suites = ElementTree.fromstring((tmp_path / "junit.xml").read_bytes())
    assert suites.get("tests") == str(len(body["checks"]))
    assert suites.get("failures") == str(body["counts"]["failed"])


@pytest.mark.parametrize("hostile", ["\ud800", "\0", "\x1b[31m", "</script>"], ids=repr)
def test_hostile_text_does_not_lose_the_verdict(ending, result, tmp_path, hostile):
    write_reports(ending(result(outcome=Outcome.FAILED, message=hostile)), tmp_path)
    assert json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))["verdict"] == "NOT READY"
    ElementTree.fromstring((tmp_path / "junit.xml").read_bytes())


def test_a_run_that_could_not_begin_says_why(tmp_path):
    write_no_verdict("the API server cannot be reached", tmp_path)
    body = json.loads((tmp_path / "verdict.json").read_text())
    assert body["verdict"] == Verdict.NO_VERDICT.value
    assert body["reason"] == "the API server cannot be reached"
    assert body["checks"] == []
    assert "the API server cannot be reached" in (tmp_path / "junit.xml").read_text()


def test_what_cannot_be_written_is_told_and_keeps_nothing_else_from_being_written(
    ending, result, tmp_path, capsys
):
    (tmp_path / "verdict.json").mkdir()
    for write in (lambda: write_reports(ending(result()), tmp_path), lambda: write_no_verdict("x", tmp_path)):
        write()
        assert f"kubecheck: {tmp_path}/verdict.json could not be written: " in capsys.readouterr().err
        assert sorted(each.name for each in tmp_path.iterdir()) == [
            "junit.xml",
            "verdict.html",
            "verdict.json",
        ]


def test_a_report_is_whole_or_not_there(ending, result, tmp_path, monkeypatch):
    def full(_ending):
        yield "half of it"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kubecheck.report.document.junit", full)
    (tmp_path / "junit.xml").write_text("an earlier run's")
    write_reports(ending(result()), tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["verdict.html", "verdict.json"]
