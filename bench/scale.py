"""``python -m bench.scale``: how a run grows with the nodes of a cluster, and shrinks with more processes.

It needs a lab that is up, best a small one: the nodes are fake (lab/fakenodes.py), the API server, etcd and
DNS real. What kubecheck says of such a cluster is not the point; what it costs is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import answering
from bench.running import BenchProblem, run_kubecheck
from lab.errors import LabError
from lab.fakenodes import BINARIES, FakeNodes
from lab.handle import Lab
from lab.progress import Progress

RUN = "scale"  # the run's id: pods' DNS looks in the namespace that it names
LIMIT = 1800  # seconds for one run
PAGE = 4096


@dataclass(frozen=True)
class Measured:
    """A run on ``nodes`` nodes in ``processes`` processes: seconds, requests, most MiB, MB of each report."""

    nodes: int
    processes: int
    seconds: float
    phases: dict[str, float]
    requests: int
    mebibytes: float
    megabytes: dict[str, float]
    lines: int

    def row(self) -> str:
        """As a row of the table."""
        phases = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in self.phases.items())
        sizes = " | ".join(f"{self.megabytes[file]:.2f}" for file in REPORTS)
        return (
            f"| {self.nodes} | {self.processes} | {self.seconds:.1f} | {phases} | {self.requests} |"
            f" {self.mebibytes:.0f} | {sizes} | {self.lines} |"
        )


REPORTS = ("verdict.html", "verdict.json", "record.json")
FILES = tuple(f"{file}, MB" for file in REPORTS)
COLUMNS = ("nodes", "processes", "seconds", "of which", "API requests", "MiB", *FILES, "lines")


def main() -> int:
    """Print a row for each run. 0 when all came to their end, 2 when the lab did not do it."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--name", default="lab", help="which lab; default lab")
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--processes", type=int, nargs="+", default=[1])
    parser.add_argument("--reports", type=Path, help="where each run leaves its reports; default nowhere")
    options = parser.parse_args()
    try:
        lab = Lab.load(options.name)
        with TemporaryDirectory(prefix="kubecheck-scale-") as folder, _fake_nodes(lab) as fake:
            print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
            for number in options.nodes:
                fake.have(number)
                for processes in options.processes:
                    reports = (options.reports or Path(folder)) / f"{number}-{processes}"
                    print(_run(lab, processes, reports).row(), flush=True)
    except (LabError, BenchProblem) as problem:
        print(f"scale: {problem}", file=sys.stderr)
        return 2
    return 0


@contextmanager
def _fake_nodes(lab: Lab) -> Iterator[FakeNodes]:
    """Fake nodes, and somebody who answers at the addresses of their pods."""
    fake, machine = FakeNodes(lab), lab.machine(lab.masters[0])
    domain = lab.settings.cluster_domain
    with ExitStack() as stack:
        stack.callback(fake.stop)
        fake.start(f"kubecheck-{RUN}.svc.{domain} svc.{domain} {domain}", Progress())
        place = machine.root / BINARIES.lstrip("/")
        for file in (
            Path(answering.__file__),
            *(lab.pki / name for name in ("ca.crt", "admin.crt", "admin.key")),
        ):
            shutil.copy2(file, place / file.name)
        server = f"https://{lab.address_of(lab.masters[0])}:6443"
        machine.start("answering", ["/usr/bin/python3", f"{BINARIES}/answering.py", BINARIES, server])
        stack.callback(machine.forget, "answering")
        yield fake


def _run(lab: Lab, processes: int, reports: Path) -> Measured:
    most = [0]
    options = ["-q", "--run", RUN, *(["-n", str(processes)] if processes > 1 else [])]
    ran = run_kubecheck(
        lab.kubeconfig, lab.policy, reports, *options, limit=LIMIT, beside=lambda pid: _memory(pid, most)
    )
    (reports / "output.txt").write_text("".join(ran.lines))
    return Measured(
        nodes=len(ran.verdict["cluster"]["nodes"]),
        processes=processes,
        seconds=ran.seconds,
        phases=ran.verdict["timings"],
        requests=ran.verdict["requests"]["total"],
        mebibytes=most[0] / 2**20,
        megabytes={file: (reports / file).stat().st_size / 1e6 for file in REPORTS},
        lines=len(ran.lines),
    )


@contextmanager
def _memory(session: int, most: list[int]) -> Iterator[None]:
    """Keep in ``most`` the most bytes that a session's processes have at once, looked at twice a second."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            most[0] = max(most[0], sum(_resident(Path(entry.path), session) for entry in os.scandir("/proc")))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _resident(process: Path, session: int) -> int:
    if not process.name.isdecimal():
        return 0
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return int(fields[21]) * PAGE if int(fields[3]) == session else 0
    except (OSError, IndexError):
        return 0  # it has just ended


if __name__ == "__main__":
    sys.exit(main())
