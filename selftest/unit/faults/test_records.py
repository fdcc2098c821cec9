"""The records of runs against real faults, judged again: what is said of each must stay right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from lab.faults.catalogue import faults
from selftest.faults.judgement import judge
from selftest.faults.records import Kept, read

ROOT = Path(__file__).parents[3]
RECORDS = {kept.name: kept for kept in read()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the verdict on each record is; as many are judged at once as there are processors."""
    folder = tmp_path_factory.mktemp("records")
    under_way: deque[subprocess.Popen[bytes]] = deque()
    for name, kept in RECORDS.items():
        if len(under_way) >= (os.cpu_count() or 1):
            under_way.popleft().wait()
        under_way.append(_replay(kept, folder / name))
    for process in under_way:
        process.wait()
    return {name: folder / name / "reports/verdict.json" for name in RECORDS}


def _replay(kept: Kept, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir()
    record = folder / "record.json"
    record.write_text(kept.record)
    # Nobody reads Allure's results here, and they take as long as judging.
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:allure_pytest", "--replay", str(record)]
    with (folder / "output.txt").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, "--reports", str(folder / "reports")],
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )


@pytest.mark.parametrize("name", RECORDS)
def test_record(name: str, verdicts: dict[str, Path]) -> None:
    verdict = verdicts[name]
    assert verdict.exists(), (verdict.parents[1] / "output.txt").read_text()
    judgement = judge(json.loads(verdict.read_text()), RECORDS[name].injected)
    assert judgement.right, str(judgement)


def test_most_faults_have_a_record() -> None:
    alone = {kept.name for kept in RECORDS.values() if len(kept.injected) == 1}
    assert alone <= set(faults())
    assert len(alone) >= 0.9 * len(faults())
