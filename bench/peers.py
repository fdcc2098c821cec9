"""``python -m bench.peers``: kubecheck beside the end-to-end tests of Kubernetes, on the same lab in one go.

hydrophone runs the conformance specs of DNS and of the network as their own image would, in the cluster. What
they cover of the runbook was read in their source, and each of them must have passed for a line to count.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kubecheck import __version__
from kubecheck.report.runbook import LINES
from lab.endtoend import prepare
from lab.errors import LabError
from lab.handle import Lab
from lab.progress import Progress
from lab.versions import HYDROPHONE
from selftest.running import RunProblem, run_kubecheck

FOCUS = r"\[sig-network\].*\[Conformance\]"
LIMIT = 3600  # seconds for one run
# What of a line a passed spec shows, and of where, as its source says (test/e2e/network and common/network).
COVERED = {
    "R1": ("DNS should provide DNS for the cluster", "that DNS answers, not at which address"),
    "R7": ("DNS should provide DNS for services", "from one pod, on a node that the scheduler chooses"),
    "R8": ("DNS should provide DNS for the cluster", "from one pod, on a node that the scheduler chooses"),
    "R9": ("should provide secure master service", "that the Service is there; no node asks it"),
    "R13": (
        "should function for intra-pod communication: http",
        "from one pod to a pod on each of at most ten nodes; small answers",
    ),
    "R14": ("Services should serve a basic endpoint from pods", "two pods without a Deployment"),
    "R20": ("", "that every node is Ready, before the first spec; no versions"),
}
PAGE = """\
# kubecheck beside its peers

hydrophone runs the end-to-end tests of Kubernetes in the cluster: here the conformance specs of DNS and of
the network. They are not made for the same end. They prove that an implementation of Kubernetes does what it
must, on whatever nodes the scheduler chooses; kubecheck proves an installation, node by node. Both ran on one
cluster of {nodes} nodes, one after the other, on a machine of {cores} cores that carries them all, on {day}.
`make peers` does it again, with all programs built from their modules:

- kubecheck {version}
- hydrophone {hydrophone}; e2e.test, agnhost and ginkgo as Kubernetes {kubernetes} has them, in images made of
  Debian's tools (lab/endtoend.py)

| command | seconds until the word | word |
|---|---|---|
{rows}

What they cover of [the runbook](runbook.md). kubecheck's column tells the results of its run, hydrophone's
how far a spec that passed goes, as its source says.

| line | what must hold | kubecheck | hydrophone |
|---|---|---|---|
{lines}
"""


@dataclass(frozen=True)
class Told:
    """One run of a program: the command as one types it, seconds until its word, and that word."""

    command: str
    seconds: float
    word: str


def main() -> int:
    """Print and write the comparison. 0 when all came to their end, 2 when the lab did not do it."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--name", default="lab", help="which lab; default lab")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4], help="of ginkgo; default 1 and 4")
    parser.add_argument("--page", type=Path, help="write the comparison there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    try:
        lab = Lab.load(options.name)
        hydrophone = prepare(lab, Progress()).hydrophone
        with TemporaryDirectory(prefix="kubecheck-peers-") as folder:
            own = Path(folder) / "kubecheck"
            ran = run_kubecheck(lab.kubeconfig, lab.policy, own, "--node-access", limit=LIMIT)
            told = [Told("pytest --kubeconfig KUBECONFIG --node-access", ran.seconds, ran.verdict["verdict"])]
            print(_row(told[-1]), flush=True)
            for processes in options.processes:
                output = Path(folder) / f"hydrophone-{processes}"
                one, passed = _run_hydrophone(hydrophone, lab.kubeconfig, processes, output)
                told.append(one)
                print(_row(one), flush=True)
    except (LabError, RunProblem) as problem:
        print(f"peers: {problem}", file=sys.stderr)
        return 2
    if options.page:
        options.page.write_text(_page(told, ran.verdict, passed), encoding="utf-8")
    return 0


def _run_hydrophone(program: Path, kubeconfig: Path, processes: int, output: Path) -> tuple[Told, set[str]]:
    """Run the specs, and give the names of those that passed. What hydrophone itself made is removed."""
    output.mkdir(parents=True)
    options = ["--focus", FOCUS, "--parallel", str(processes)]
    start = [str(program), "--kubeconfig", str(kubeconfig)]
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [*start, *options, "--output-dir", str(output), "--disable-progress-status"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=LIMIT, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - begun
    except subprocess.TimeoutExpired as error:
        raise RunProblem(f"hydrophone did not come to its end within {LIMIT} s") from error
    finally:
        subprocess.run([*start, "--cleanup"], capture_output=True, check=False, timeout=300)
    written = output / "junit_01.xml"
    if not written.exists():
        raise RunProblem(f"hydrophone wrote no result: {done.stdout.strip()[-500:]}")
    outcomes = dict(_outcomes(written.read_text()))
    passed = {name for name, outcome in outcomes.items() if outcome == "passed"}
    typed = f"hydrophone --focus '{FOCUS}'" + (f" --parallel {processes}" if processes > 1 else "")
    word = f"{len(passed)} of {len(outcomes)} specs passed, exit code {done.returncode}"
    for name in outcomes.keys() - passed:
        print(f"not passed: {name}", flush=True)
    return Told(typed, seconds, word), passed


def _outcomes(junit: str) -> Iterator[tuple[str, str]]:
    """The specs that ran, and whether each passed; without those that the focus left out."""
    for case in ET.fromstring(junit).iter("testcase"):  # noqa: S314 - of a program built here
        if (status := case.get("status")) != "skipped" and "[It]" in (name := case.get("name", "")):
            yield re.sub(r"\s+", " ", name), str(status)


def _row(told: Told) -> str:
    return f"| `{told.command.replace('|', chr(92) + '|')}` | {told.seconds:.0f} | {told.word} |"


def _page(told: list[Told], verdict: Mapping[str, Any], passed: set[str]) -> str:
    """The comparison as docs/ shows it."""
    day, nodes = datetime.now(UTC).date().isoformat(), len(verdict["cluster"]["nodes"])
    rows = "\n".join(_row(one) for one in told)
    lines = "\n".join(
        f"| {line} | {demand} | {_own(line, verdict)} | {_theirs(line, passed)} |"
        for line, demand in LINES.items()
    )
    return PAGE.format(
        day=day,
        version=__version__,
        kubernetes=verdict["cluster"]["version"],
        hydrophone=HYDROPHONE,
        nodes=nodes,
        cores=os.cpu_count(),
        rows=rows,
        lines=lines,
    )


def _own(line: str, verdict: Mapping[str, Any]) -> str:
    """How many results of kubecheck stand for a line, by outcome."""
    mine = {check for check, its in verdict["catalogue"].items() if line in its["runbook"]}
    outcomes = Counter(each["outcome"] for each in verdict["checks"] if each["id"] in mine)
    return ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in sorted(outcomes.items()))


def _theirs(line: str, passed: set[str]) -> str:
    if line not in COVERED:
        return ""
    spec, how_far = COVERED[line]
    if spec and not any(spec in name for name in passed):
        return f"not passed: {spec}"
    return how_far


if __name__ == "__main__":
    sys.exit(main())
