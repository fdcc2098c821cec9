"""``python -m selftest.soak``: many runs in a row on a healthy lab, each READY, and nothing left behind."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

from kubernetes import client, config

from lab.errors import LabError
from lab.handle import Lab
from selftest.running import ROOT, command_line

OURS = "app.kubernetes.io/managed-by=kubecheck"
LIMIT = 300  # seconds for one run


@dataclass(frozen=True)
class Turn:
    """One run: its exit code, seconds, the memory that it took at most in MiB, and what it left behind."""

    code: int
    seconds: float
    mebibytes: float
    left: tuple[str, ...]
    told: str

    @property
    def good(self) -> bool:
        """READY, and nothing left."""
        return self.code == 0 and not self.left


def main() -> int:
    """0 when every run was READY and left nothing behind, 1 when one was not, 2 without a lab."""
    parser = argparse.ArgumentParser(prog="python -m selftest.soak", description=__doc__)
    parser.add_argument("--name", default="lab", help="which lab; default lab")
    parser.add_argument("--runs", type=int, default=200, help="how many; default 200")
    options = parser.parse_args()
    try:
        lab = Lab.load(options.name)
    except LabError as problem:
        print(f"soak: {problem}", file=sys.stderr)
        return 2
    turns: list[Turn] = []
    with TemporaryDirectory(prefix="kubecheck-soak-") as folder:
        for number in range(1, options.runs + 1):
            turn = _turn(lab, Path(folder))
            turns.append(turn)
            print(f"{number:4} {turn.seconds:6.1f} s {turn.mebibytes:6.0f} MiB  {turn.told}", flush=True)
            if turn.left:
                print(f"     left behind: {', '.join(turn.left)}", flush=True)
    good = sum(turn.good for turn in turns)
    print(
        f"{good} of {len(turns)} runs were READY and left nothing behind;"
        f" {sum(turn.code != 0 for turn in turns)} were not READY,"
        f" {sum(len(turn.left) for turn in turns)} objects were left;"
        f" seconds: median {statistics.median(t.seconds for t in turns):.1f},"
        f" longest {max(t.seconds for t in turns):.1f};"
        f" MiB: first {turns[0].mebibytes:.0f}, last {turns[-1].mebibytes:.0f},"
        f" most {max(t.mebibytes for t in turns):.0f}"
    )
    return 0 if good == len(turns) else 1


def _turn(lab: Lab, reports: Path) -> Turn:
    written = reports / "verdict.json"
    written.unlink(missing_ok=True)
    command = command_line(lab.kubeconfig, lab.policy, reports, "-q")
    begun = time.monotonic()
    with (reports / "output.txt").open("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        with _killed_after(process, LIMIT):
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        output.seek(0)
        said = output.read().strip().splitlines()
    told = next((line for line in reversed(said) if line.startswith("verdict:")), "\n".join(said[-5:]))
    if written.exists():
        causes = json.loads(written.read_text()).get("causes", [])
        told += "".join(f"; {cause['id']}" for cause in causes)
    return Turn(os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss / 1024, _left(lab), told)


@contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _left(lab: Lab) -> tuple[str, ...]:
    """What carries kubecheck's label and still stands."""
    with config.new_client_from_config(str(lab.kubeconfig)) as api:
        namespaces: Any = client.CoreV1Api(api).list_namespace(label_selector=OURS)
        requests: Any = client.CertificatesV1Api(api).list_certificate_signing_request(label_selector=OURS)
    return tuple(item.metadata.name for item in (*namespaces.items, *requests.items))


if __name__ == "__main__":
    sys.exit(main())
