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
RECORDS = list(read())


@pytest.mark.parametrize("kept", RECORDS, ids=lambda kept: kept.name)
def test_record(kept: Kept, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text(kept.record)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--replay", str(record)]
    done = subprocess.run(
        [*command, "--reports", str(tmp_path / "reports")], cwd=ROOT, capture_output=True, text=True
    )
    written = tmp_path / "reports/verdict.json"
    assert written.exists(), done.stdout + done.stderr
    judgement = judge(json.loads(written.read_text()), kept.injected)
    assert judgement.right, str(judgement)


def test_faults_without_a_record_are_known():
    alone = {kept.name for kept in RECORDS if len(kept.injected) == 1}
    assert alone <= set(faults())
