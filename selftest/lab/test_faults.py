"""The fault catalogue on the lab: each fault is caught, blamed on its victim, and raises no other alarm.

A third of it in one run, another one each day, so that a run stays short; `make faults` proves all of it.
The records of all faults are judged in every run: selftest/unit/faults/test_records.py.
"""

from __future__ import annotations

import os
import secrets
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.faults.catalogue import fault_named
from lab.handle import Lab
from selftest.faults.proving import DOUBLES, Proof, prove, singles

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
    proof = prove(lab, names, seed, tmp_path / "first")
    if not proof.right:
        # A busy machine breaks more than the fault does. What kubecheck gets wrong, it gets wrong again.
        warnings.warn(f"{'+'.join(names)} was not right at once: {_told(proof)}", stacklevel=1)
        proof = prove(lab, names, seed + 1, tmp_path / "second")
    assert proof.right, _told(proof)


def _told(proof: Proof) -> str:
    victims = [dict(each.victims) for each in proof.injected]
    return f"part {PART}, seed {proof.seed}, victims {victims}\n{proof.trouble or proof.judgement}"
