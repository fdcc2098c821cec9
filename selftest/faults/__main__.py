"""``python -m selftest.faults``: prove the whole catalogue, or a part of it, on a lab that is up."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kubecheck import __version__
from lab.errors import LabError
from lab.handle import Lab
from selftest.faults.proving import DOUBLES, Proof, prove, singles
from selftest.faults.records import keep
from selftest.faults.table import table
from selftest.running import ROOT


def main() -> int:
    """0 when every verdict is right, 1 when one is not, 2 when the lab does not do it."""
    options = _options()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    chosen = [tuple(each.split("+")) for each in options.faults] or [*singles(), *DOUBLES]
    print(f"{len(chosen)} tries, seed {seed}")
    begun = time.monotonic()
    proofs: list[Proof] = []
    try:
        lab = Lab.load(options.name)
        for names in chosen:
            proofs.append(_one(lab, names, seed, options.reports / "+".join(names)))
            _tell(proofs[-1])
    except LabError as problem:
        print(f"faults: {problem}", file=sys.stderr)
        return 2
    if options.keep:
        keep(proofs, options.reports)
    if options.page:
        versions = f"kubecheck {__version__}"
        options.page.write_text(table(proofs, seed, versions, datetime.now(UTC).date()), encoding="utf-8")
    right = sum(proof.right for proof in proofs)
    print(
        f"{right} of {len(proofs)} are right in everything, in {time.monotonic() - begun:.0f} s (seed {seed})"
    )
    return 0 if right == len(proofs) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m selftest.faults", description=__doc__)
    parser.add_argument("faults", nargs="*", help="names, NAME+NAME for two at once; without any: all")
    parser.add_argument("--name", default="lab", help="which lab; default lab")
    parser.add_argument("--seed", type=int, help="what the victims follow from; default a new one")
    parser.add_argument(
        "--reports", type=Path, default=ROOT / "reports/faults", help="where runs leave theirs"
    )
    parser.add_argument("--keep", action="store_true", help="put the records of right ones into the archive")
    parser.add_argument("--page", type=Path, help="write the table there; of all faults only")
    options = parser.parse_args()
    if options.page and options.faults:
        parser.error("--page is for the table of all faults: name none")
    return options


def _one(lab: Lab, names: tuple[str, ...], seed: int, reports: Path) -> Proof:
    """A proof; where the lab fails at one fault, the others are still tried."""
    try:
        return prove(lab, names, seed, reports)
    except LabError as problem:
        return Proof(names, (), seed, trouble=str(problem))


def _tell(proof: Proof) -> None:
    victims = ", ".join(f"{k} {v}" for each in proof.injected for k, v in each.victims.items()) or "no choice"
    word = "right" if proof.right else "WRONG"
    print(f"{word}  {' + '.join(proof.names)} ({victims}), {proof.seconds:.1f} s", flush=True)
    for line in (proof.trouble or str(proof.judgement)).splitlines() if not proof.right else ():
        print(f"       {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
