"""``python -m bench``: kubecheck beside the floor, and where its time goes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.page import page
from bench.speed import Timed, medians, ratio, side_by_side
from selftest.running import RunProblem

GOAL = 2.0


def main() -> int:
    """0 when the ratio is at most what is asked for, 1 when it is not, 2 when there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--policy", type=Path, required=True, help="it names the images for the floor too")
    parser.add_argument("--page", type=Path, help="write what was found there")
    parser.add_argument("--runs", type=int, default=5, help="how many of each; default 5")
    parser.add_argument("--at-most", type=float, default=GOAL, help=f"the ratio to hold; default {GOAL}")
    options = parser.parse_args()
    try:
        with TemporaryDirectory(prefix="kubecheck-bench-") as folder:
            floors, fulls = side_by_side(options.kubeconfig, options.policy, options.runs, Path(folder))
    except RunProblem as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    _tell("floor", floors)
    _tell("kubecheck", fulls)
    found = ratio(floors, fulls)
    print(f"ratio of the medians: {found:.2f} (at most {options.at_most:g} is asked for)")
    if options.page:
        options.page.write_text(page(floors, fulls), encoding="utf-8")
    return 0 if found <= options.at_most else 1


def _tell(what: str, runs: list[Timed]) -> None:
    phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in medians(runs).items())
    seconds = sorted(run.seconds for run in runs)
    spread = f"{median(seconds):.2f} s, {seconds[0]:.2f} to {seconds[-1]:.2f}"
    own, machine = (median(getattr(run, whose) for run in runs) for whose in ("own", "machine"))
    print(f"{what}: median {spread}; {phases}; CPU {machine:.1f} s, of which its own {own:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
