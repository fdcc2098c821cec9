"""The records of runs against real faults, judged again: what is said of each must stay right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.faults.catalogue import faults
from selftest.faults.judgement import judge
from selftest.faults.records import Kept, read

ROOT = Path(__file__).parents[3]
RECORDS = {kept.name: kept for kept in read()}


@pytest.mark.parametrize("kept", RECORDS.values(), ids=list(RECORDS))
def test_record(kept: Kept, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text(kept.record)
    # Nobody reads Allure's results here, and they take as long as judging.
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:allure_pytest",
        "-p",
        "no:hypothesispytest",
        "--replay",
        str(record),
    ]
    command = [sys.executable, "-m", "pytest", *options, "--reports", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    verdict = tmp_path / "verdict.json"
    assert verdict.exists(), done.stdout + done.stderr
    judgement = judge(json.loads(verdict.read_text()), kept.injected)
    assert judgement.right, str(judgement)


def test_nearly_every_fault_has_a_record() -> None:
    alone = {kept.name for kept in RECORDS.values() if len(kept.injected) == 1}
    assert alone <= set(faults())
    assert len(alone) >= 0.9 * len(faults())
