"""What a run does before it asks anybody: what it refuses, and what it does with reports that are there."""

import os
import subprocess
import sys

import pytest

from kubecheck.policy import Policy
from kubecheck.survey import Record, save_record


@pytest.fixture
def record(facts, tmp_path):
    """A record in the folder that reports go to by themselves."""
    path = tmp_path / "reports/record.json"
    path.parent.mkdir()
    save_record(Record("r1", "2026-01-01T02:00:00+00:00", Policy(), facts), path)
    return path


@pytest.fixture
def run(tmp_path):
    """Runs kubecheck of one check."""

    def start(*options, **variables):
        return subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "-k", "node_ready", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
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
