"""What a run does before it asks anybody: what it refuses, and what it does with reports that are there."""

import os
import resource
import subprocess
import sys

import pytest

from selftest.unit.kubecheck.conftest import save_made


@pytest.fixture
def record(facts, tmp_path):
    """A record in the folder that reports go to by themselves."""
    path = tmp_path / "reports/record.json"
    path.parent.mkdir()
    return save_made(facts, path)


@pytest.fixture
def run(tmp_path):
    """Runs kubecheck of one check."""

    def start(*options, largest=None, **variables):
        def limited():  # whatever is written beyond that fails, as on a disk that is full
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

        return subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "-k", "node_ready", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
            preexec_fn=limited if largest else None,
        )  # fmt: skip

    return start


def test_a_run_without_a_verdict_leaves_no_record_that_could_be_taken_for_its_own(record, run):
    text = record.read_text()
    for _ in range(2):
        assert run("--kubeconfig", "nowhere").returncode == 11
        assert not record.exists()
        assert record.with_name("record-before.json").read_text() == text


def test_a_record_that_is_judged_again_stays(record, run):
    text = record.read_text()
    assert run("--replay", "reports/record.json").returncode == 0
    assert run("--replay", "reports/record.json", "--policy", "nowhere").returncode == 11
    assert record.read_text() == text


@pytest.mark.parametrize("reports", ["reports/record.json", "reports/record.json/below", "/proc/kubecheck"])
@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_folder_that_nothing_can_be_written_to_is_refused(record, run, reports, processes):
    done = run("--replay", "reports/record.json", "--reports", reports, *processes)
    assert done.returncode == 4
    assert "ERROR: reports cannot be written to /" in done.stderr
    assert done.stderr.strip().endswith("name another folder with --reports DIR")
    assert "Traceback" not in done.stdout + done.stderr


def test_reports_that_do_not_fit_on_the_disk_cost_no_verdict(record, run):
    (record.parent / "verdict.json").write_text("an earlier run's")
    done = run("--replay", "reports/record.json", largest=2000)
    assert (done.returncode, done.stdout.splitlines()[-1][:17]) == (0, "verdict: READY (2"), done.stderr
    for name in ("verdict.json", "verdict.html"):
        assert f"/reports/{name} could not be written: " in done.stderr
        assert not (record.parent / name).exists()
    assert "Traceback" not in done.stdout + done.stderr


def test_no_verdict_is_told_where_it_cannot_be_written(tmp_path, run):
    (tmp_path / "reports/verdict.json").mkdir(parents=True)
    done = run("--kubeconfig", "nowhere")
    assert done.returncode == 11
    assert "verdict: NO VERDICT (kubeconfig nowhere does not exist" in done.stdout
    assert "/reports/verdict.json could not be written: " in done.stderr


LIVE = {
    "--kubeconfig": "nowhere",
    "--context": "there",
    "--as": "jane",
    "--as-group": "people",
    "--deadline": "10m",
    "--shard": "1/2",
    "--run": "r2",
}
"""Options that only a live run knows, with values."""


@pytest.mark.parametrize(
    ("options", "named"),
    [
        *(([name, value], name) for name, value in LIVE.items()),
        (["--node-access"], "--node-access"),
        (["--context=there", "--kubeconfig=nowhere"], "--kubeconfig, --context"),
    ],
    ids=str,
)
def test_what_only_a_live_run_knows_is_refused_beside_a_record(record, run, options, named):
    done = run("--replay", "reports/record.json", *options)
    assert done.returncode == 4
    assert f"ERROR: --replay judges what its record holds: leave out {named}\n" in done.stderr


def test_what_stands_in_the_environment_of_all_steps_keeps_no_record_from_being_judged(record, run):
    variables = {f"KUBECHECK_{name[2:].replace('-', '_').upper()}": value for name, value in LIVE.items()}
    done = run("--replay", "reports/record.json", "-n", "2", KUBECHECK_NODE_ACCESS="1", **variables)
    assert (done.returncode, done.stdout.splitlines()[-1][:17]) == (0, "verdict: READY (2"), done.stderr


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "workers"])
def test_without_pytests_terminal_the_verdict_is_told_all_the_same(record, run, processes):
    done = run("--replay", "reports/record.json", "-p", "no:terminal", *processes)
    assert (done.returncode, done.stdout[:17]) == (0, "verdict: READY (2"), done.stderr
    done = run("--kubeconfig", "nowhere", "-p", "no:terminal")
    assert (done.returncode, done.stdout[:21]) == (11, "verdict: NO VERDICT ("), done.stderr


@pytest.mark.parametrize(
    "showing",
    ["--collect-only", "--fixtures", "--fixtures-per-test", "--markers", "--setup-plan", "--help",
     "--cache-show -p cacheprovider", "--fixtures -n 2"],
)  # fmt: skip
def test_where_pytest_only_shows_something_no_report_is_touched(record, run, showing):
    kept = record.parent / "allure-results/kept"
    kept.parent.mkdir()
    kept.touch()
    done = run(*showing.split(), "--kubeconfig", "nowhere")
    assert done.returncode == 0, done.stderr
    assert "verdict" not in done.stdout.splitlines()[-1]
    there = {each.name for each in record.parent.iterdir()} - {".pytest_cache"}
    assert there == {"record.json", "allure-results"}
    assert kept.exists()
