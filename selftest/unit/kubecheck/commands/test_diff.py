import json

import pytest

from kubecheck.commands import diff
from selftest.unit.kubecheck.conftest import save_made


@pytest.fixture
def verdict(tmp_path):
    """Writes a verdict.json of one check's outcome."""

    def write(name, outcome, **changes):
        result = {"id": "dns.x", "vantage": "api", "outcome": outcome, "message": "", "targets": {}}
        body = {
            "schema": 1,
            "verdict": "READY",
            "run": name,
            "started": "2026-01-01T02:00:00Z",
            "cluster": {"server": "https://vip:8443", "nodes": []},
            "causes": [],
            "checks": [result],
        }
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(body | changes))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["passed", "failed"], 1),
        (["failed", "passed"], 0),
        (["failed", "failed"], 0),
        (["passed", "failed", "passed"], 0),
    ],
)
def test_the_exit_code_says_whether_something_is_worse(verdict, outcomes, code, capsys):
    files = [verdict(f"run{number}", outcome) for number, outcome in enumerate(outcomes)]
    assert diff.main(files) == code
    assert capsys.readouterr().out.startswith("old: run run0, 2026-01-01 02:00 UTC, READY\n")
    assert diff.main([*files, "--format", "json"]) == code
    said = json.loads(capsys.readouterr().out)
    assert said["worse"] is bool(code)
    assert [each["run"] for each in said["runs"]] == [f"run{number}" for number in range(len(outcomes))]
    assert bool(said["flaky"]) is (len(outcomes) == 3)


def test_a_file_that_is_no_run_is_said_in_a_sentence(verdict, tmp_path, capsys):
    assert diff.main([verdict("a", "passed"), str(tmp_path / "nothing.json")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"kubecheck: {tmp_path}/nothing.json does not exist: name the verdict.json of a run\n"


def test_a_record_that_cannot_be_judged_is_said_in_a_sentence(verdict, tmp_path, capsys):
    record = tmp_path / "record.json"
    record.write_text('{"schema": 99, "facts": {}, "answers": {}}')
    assert diff.main([verdict("a", "passed"), str(record)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"kubecheck: {record} is of a run that could not begin")
    assert "is no record of schema" in said
    assert said.count("\n") == 1


def test_a_record_is_judged_as_it_is_whatever_the_run_of_today_is_told(
    verdict, facts_of, tmp_path, monkeypatch, capsys
):
    save_made(facts_of(("node1",)), tmp_path / "record.json")
    told = [tmp_path / "kubecheck.prom", tmp_path / "summary.md"]
    for file in told:
        file.write_text("of today's run\n")
    today = {
        "KUBECHECK_METRICS_FILE": str(told[0]),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(told[1]),
        "KUBECHECK_SHARD": "1/2",
        "KUBECHECK_RUN": "today",
        "KUBECHECK_POLICY": str(tmp_path / "none.toml"),
        "KUBECHECK_COMPARE_WITH": str(tmp_path / "none.json"),
        "PYTEST_ADDOPTS": "-k nothing_at_all",
    }
    for name, value in today.items():
        monkeypatch.setenv(name, value)
    assert diff.main([str(tmp_path / "record.json"), verdict("a", "passed")]) == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert said.startswith("old: run r1, 2026-01-01 02:00 UTC, "), said
    assert [file.read_text() for file in told] == ["of today's run\n"] * 2


def test_one_file_is_not_enough(verdict):
    with pytest.raises(SystemExit) as end:
        diff.main([verdict("a", "passed")])
    assert end.value.code == 2
