"""The table of a catalogue run, as Markdown: docs/faults.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lab.faults.catalogue import fault_named
from selftest.faults.proving import Proof

HEAD = """\
# Faults that kubecheck is proved on

Each of these faults is put into a real cluster of five nodes (`python -m lab fault list`), kubecheck is run,
the fault is healed, and what kubecheck said is compared to what it has to say. `make faults` does it again.

- **caught**: the verdict is not READY (of those that are no faults: it is READY).
- **blamed right**: it names this cause and no other, and blames the object that was broken and no other.
- **collateral**: results that failed without a reason in the fault, or that could not be told and no cause
  knows why.
- **seconds**: until kubecheck told its verdict.

"""


def table(proofs: Sequence[Proof], seed: int, versions: str, day: date) -> str:
    """The page. ``versions`` says what ran."""
    right = sum(proof.right for proof in proofs)
    told = (
        f"{right} of {len(proofs)} are right in everything, seed {seed}, {versions}, {day.isoformat()}.\n\n"
    )
    lines = ["| fault | what is broken | caught | cause | blamed right | collateral | seconds |"]
    lines += ["|---|---|---|---|---|---|---|"]
    lines += [_row(proof) for proof in proofs]
    return HEAD + told + "\n".join(lines) + "\n"


def _row(proof: Proof) -> str:
    faults = [fault_named(name) for name in proof.names]
    broken = " ".join(fault.breaks for fault in faults)
    causes = ", ".join(f"`{cause}`" for fault in faults for cause in fault.causes) or "none: it is no fault"
    if proof.trouble:
        return f"| {' and '.join(proof.names)} | {broken} | no verdict | {causes} | | | |"
    judgement = proof.judgement
    blamed = _word(judgement.named and judgement.blamed and not judgement.unexplained)
    return (
        f"| {' and '.join(proof.names)} | {broken} | {_word(judgement.caught)} | {causes} | {blamed} |"
        f" {len(judgement.collateral)} | {proof.seconds:.1f} |"
    )


def _word(holds: bool) -> str:
    return "yes" if holds else "**no**"
