"""Runs tell GitHub, Prometheus, Allure and a terminal what they found."""

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from kubecheck.cluster.reading import Reading
from selftest.unit.kubecheck.conftest import save_made

COMMAND = [sys.executable, "-m", "kubecheck.cli"]
REMOVING = """
import shutil

def pytest_runtest_setup(item):
    shutil.rmtree(item.config.option.allure_report_dir, ignore_errors=True)
"""
ONE_CHECK = ["-k", "dns_service_address"]


@pytest.fixture(scope="module")
def record(facts_of, tmp_path_factory):
    """A record of which one check fails."""
    facts = facts_of(("node1", "node2"))
    wrong = replace(
        facts,
        service_cidrs=Reading(problem="not there", absent=True),
        dns_service=Reading(replace(facts.dns_service.value, cluster_ips=("10.96.0.53",))),
    )
    return save_made(wrong, tmp_path_factory.mktemp("record") / "record.json")


def environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", **more}


def run(folder, *options, **variables):
    return subprocess.run(
        [*COMMAND, *options], cwd=folder, capture_output=True, text=True, timeout=120,
        env=environment(**variables),
    )  # fmt: skip


def on_terminal(folder, *options, **variables):
    """What a terminal of 80 columns gets."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *options], cwd=folder, stdin=side, stdout=side, stderr=side,
        env=environment(COLUMNS="80", **variables),
    )  # fmt: skip
    os.close(side)
    said = b""
    try:
        while piece := os.read(main, 65536):
            said += piece
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(main)
        process.wait(timeout=60)
    return said.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def told(record, tmp_path_factory):
    """A run in a job of GitHub that is asked for everything: its output and its folder."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "summary.md").write_text("an earlier step\n")
    done = run(
        folder, "--replay", record, *ONE_CHECK, "-ra", "--metrics-file", "k.prom",
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(folder / "summary.md"), CI="true",
    )  # fmt: skip
    return done, folder


def test_a_run_on_github_is_annotated_and_summed_up(told):
    done, folder = told
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert line.startswith("::error title=")
    said = (folder / "summary.md").read_text()
    assert said.startswith("an earlier step\n## ")
    assert "kubecheck: NOT READY" in said


def test_metrics_and_allure_are_written(told):
    _, folder = told
    assert 'kubecheck_verdict{verdict="NOT READY"} 1' in (folder / "k.prom").read_text()
    results = folder / "reports/allure-results"
    (file,) = results.glob("*-result.json")
    body = json.loads(file.read_text())
    assert body["status"] == "failed"
    assert ("epic", "dns") in {(label["name"], label["value"]) for label in body["labels"]}
    assert "verdict=NOT READY\n" in (results / "environment.properties").read_text()


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_each_result_is_a_file_of_allures_and_fixtures_are_none(record, tmp_path, processes):
    done = run(tmp_path, "--replay", record, "-k", "node_ready or pod_resolves_kubernetes", *processes)
    assert "2 passed, 2 unknown" in done.stdout, "fixtures of the latter have no answer to give"
    files = sorted(file.name.rpartition("-")[2] for file in (tmp_path / "reports/allure-results").iterdir())
    assert files.count("result.json") == 4, "one for each result"
    assert set(files) == {"categories.json", "environment.properties", "result.json"}


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_where_allures_results_cannot_be_written_the_run_goes_on_and_says_so(record, tmp_path, processes):
    (tmp_path / "removing.py").write_text(REMOVING)
    done = run(
        tmp_path, "--replay", record, "-k", "node_ready", "-p", "removing", *processes,
        PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    assert done.stdout.splitlines()[-1].startswith("verdict: READY (2 passed; ")
    assert "Allure's results could not all be written: " in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_failures_are_told_once_and_plainly(told):
    said = told[0].stdout
    assert "= FAILURES =" not in said
    assert "short test summary" not in said
    assert "\x1b" not in said


def test_no_verdict_is_told_everywhere(tmp_path):
    summary = tmp_path / "summary.md"
    done = run(
        tmp_path, "--kubeconfig", "nowhere", "--metrics-file", "k.prom",
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert done.returncode == 11
    assert "::error title=kubecheck%3A NO VERDICT::" in done.stdout
    assert "NO VERDICT" in summary.read_text()
    assert 'kubecheck_verdict{verdict="NO VERDICT"} 1' in (tmp_path / "k.prom").read_text()


def test_a_metrics_file_without_a_folder_is_refused_at_once(record, tmp_path):
    done = run(tmp_path, "--replay", record, "--metrics-file", "no/such/k.prom")
    assert done.returncode == 4
    assert "there is no folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_summary_that_cannot_be_written_costs_no_verdict(record, tmp_path):
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    done = run(tmp_path, "--replay", record, *ONE_CHECK, "-qq", **github)
    assert done.returncode == 1
    assert "the job's summary could not be written" in done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("verdict: NOT READY (1 failed; ")
    assert done.stdout.count("NOT READY") == 1, "-qq is very quiet"


def test_a_terminal_has_colours_and_no_annotations(record, tmp_path):
    said = on_terminal(tmp_path, "--replay", record, *ONE_CHECK)
    assert "\x1b[31m" in said
    assert "::error" not in said


def test_colours_can_be_turned_off(record, tmp_path):
    said = on_terminal(tmp_path, "--replay", record, *ONE_CHECK, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*m", said)
    summary = said.partition("= NOT READY: ")[2].splitlines()
    assert all(len(line) <= 80 for line in summary if "next: " not in line and "mend " not in line)


def test_nothing_is_red_where_nothing_failed(record, tmp_path):
    said = on_terminal(tmp_path, "--replay", record, "-k", "node_ready")
    assert "2 passed" in said
    assert "\x1b[31m" not in said
