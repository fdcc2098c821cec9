"""The records of runs against real faults, judged again: what is said of each must stay right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.faults.catalogue import faults
from selftest.faults.judgement import judge
from selftest.faults.records import Kept, read

ROOT = Path(__file__).parents[3]
RECORDS = {kept.name: kept for kept in read()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """The verdict on each record, as many judged at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = tmp_path_factory.mktemp("records")
        yield {name: pool.submit(_replay, kept, folder / name) for name, kept in RECORDS.items()}


def _replay(kept: Kept, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    record = folder / "record.json"
    record.write_text(kept.record)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--replay", str(record)]
    done = subprocess.run(
        [*command, "--reports", str(folder / "reports")], cwd=ROOT, capture_output=True, text=True
    )
    written = folder / "reports/verdict.json"
    assert written.exists(), done.stdout + done.stderr
    verdict: dict[str, Any] = json.loads(written.read_text())
    return verdict


@pytest.mark.parametrize("name", RECORDS)
def test_record(name: str, verdicts: dict[str, Future[dict[str, Any]]]) -> None:
    judgement = judge(verdicts[name].result(), RECORDS[name].injected)
    assert judgement.right, str(judgement)


def test_nearly_every_fault_has_a_record() -> None:
    alone = {kept.name for kept in RECORDS.values() if len(kept.injected) == 1}
    assert alone <= set(faults())
    assert len(alone) >= 0.9 * len(faults())
