"""The fault catalogue on the lab: each fault is caught, blamed on its victim, and raises no other alarm.

A third of it in one run, another one each day, so that a run stays short; `make faults` proves all of it.
The records of all faults are judged in every run: selftest/unit/faults/test_records.py.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.faults.catalogue import fault_named
from lab.handle import Lab
from selftest.faults.proving import DOUBLES, prove, singles

PARTS = 3
PART = int(os.environ.get("KUBECHECK_SELFTEST_FAULTS") or datetime.now(UTC).toordinal() % PARTS)
EVERY = [*singles(), *DOUBLES]


@pytest.mark.parametrize("names", EVERY[PART::PARTS], ids="+".join)
def test_fault(lab: Lab, names: tuple[str, ...], tmp_path: Path) -> None:
    seed = secrets.randbelow(10**6)
    for name in names:
        try:
            fault_named(name).require(lab)
        except LabError as problem:
            pytest.skip(str(problem))
    proof = prove(lab, names, seed, tmp_path)
    assert proof.right, (
        f"part {PART} of {PARTS}, seed {seed}, victims {[dict(each.victims) for each in proof.injected]}\n"
        f"{proof.trouble or proof.judgement}"
    )
