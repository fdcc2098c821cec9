"""``python -m bench.scale``: how a run grows with the nodes of a cluster, and shrinks with more processes.

It needs a lab that is up, best a small one: the nodes are fake (lab/fakenodes.py), the API server, etcd and
DNS real. What kubecheck says of such a cluster is not the point; what it costs is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import answering, plot
from kubecheck import __version__
from lab.errors import LabError
from lab.fakenodes import BINARIES, FakeNodes
from lab.handle import Lab
from lab.progress import Progress
from selftest.running import ROOT, RunProblem, replay_command_line, run_kubecheck

RUN = "scale"  # the run's id: pods' DNS looks in the namespace that it names
LIMIT = 1800  # seconds for one run
PAGE = 4096


@dataclass(frozen=True)
class Measured:
    """A run on ``nodes`` nodes in ``processes`` processes: seconds, requests, most MiB, MB of each report.

    ``again`` are the seconds in which its record is judged again, in as many processes.
    """

    nodes: int
    processes: int
    seconds: float
    again: float
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
            f"| {self.nodes} | {self.processes} | {self.seconds:.1f} | {phases} | {self.again:.1f} |"
            f" {self.requests} | {self.mebibytes:.0f} | {sizes} | {self.lines} |"
        )


REPORTS = ("verdict.html", "verdict.json", "record.json")
FILES = tuple(f"{file}, MB" for file in REPORTS)
COLUMNS = (
    *("nodes", "processes", "seconds", "of which", "judged again", "API requests", "MiB"), *FILES, "lines",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
INTRODUCTION = """\
# What a run costs on many nodes

kwok puts fake nodes behind the API server of a small real cluster. Every probe pod is asked by an exec that
goes the real way, and its questions run as processes of this machine, which is also the one that kubecheck
runs on: on a real cluster each node carries its own share. **seconds** are those until the verdict,
**judged again** those in which as many processes judge the run's record (`--replay`): what kubecheck itself
does, where nobody has to answer. **MiB** is the most memory of all of its processes together, **lines** are
those of the terminal. The dashed line is growth in proportion to the nodes, from the smallest cluster on.
`make scale` measures it again.

With `-n N` as many workers judge, and send all that they find to one more process, which costs each about a
third on top of judging. So N workers want N + 1 processors: on a machine with fewer, more of them judge no
faster.

"""


def main() -> int:
    """Print a row for each run. 0 when all came to their end, 2 when the lab did not do it."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--name", default="lab", help="which lab; default lab")
    parser.add_argument(
        "--sizes",
        type=sizes,
        nargs="+",
        default=[(100, [1, 2, 4]), (300, [1, 2, 4]), (1000, [1])],
        metavar="NODES[:PROCESSES,...]",
        help="fake nodes, and in how many processes they are judged; default 100:1,2,4 300:1,2,4 1000",
    )
    parser.add_argument("--reports", type=Path, help="where each run leaves its reports; default nowhere")
    parser.add_argument("--page", type=Path, help="write the table there, and its picture beside it as .svg")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    measured: list[Measured] = []
    try:
        lab = Lab.load(options.name)
        with TemporaryDirectory(prefix="kubecheck-scale-") as folder, _fake_nodes(lab) as fake:
            _await_room(lab)
            print(HEAD, flush=True)
            for number, divided in options.sizes:
                fake.have(number)
                for processes in divided:
                    reports = (options.reports or Path(folder)) / f"{number}-{processes}"
                    again = Path(folder) / f"{number}-{processes}-again"
                    measured.append(_run(lab, processes, reports, again))
                    print(measured[-1].row(), flush=True)
                    _warn_of_dead_nodes(lab, measured[-1])
    except (LabError, RunProblem) as problem:
        print(f"scale: {problem}", file=sys.stderr)
        return 2
    if options.page:
        picture = options.page.with_suffix(".svg")
        picture.write_text(plot.picture(_panels(measured)), encoding="utf-8")
        options.page.write_text(_page(measured, picture.name), encoding="utf-8")
    return 0


def sizes(text: str) -> tuple[int, list[int]]:
    """``100:1,2,4`` as 100 nodes, in 1, 2 and 4 processes. Raises ValueError."""
    nodes, divided, processes = text.partition(":")
    return int(nodes), [int(each) for each in processes.split(",")] if divided else [1]


def _page(measured: Sequence[Measured], picture: str) -> str:
    day = datetime.now(UTC).date().isoformat()
    told = f"Measured on {day} with kubecheck {__version__}, on a machine with {os.cpu_count()} cores.\n\n"
    rows = "\n".join((HEAD, *(each.row() for each in measured)))
    return f"{INTRODUCTION}{told}{rows}\n\n![what a run costs, over the number of nodes]({picture})\n"


def _panels(measured: Sequence[Measured]) -> list[plot.Panel]:
    """A panel for each figure, with a curve for each number of processes."""
    figures: dict[str, Callable[[Measured], float]] = {
        "seconds": lambda each: each.seconds,
        "seconds, judged again": lambda each: each.again,
        "API requests": lambda each: each.requests,
        "MiB of memory": lambda each: each.mebibytes,
    }
    numbers = sorted({each.processes for each in measured})
    return [
        plot.Panel(
            title,
            {
                f"-n {number}" if number > 1 else "one process": sorted(
                    (each.nodes, figure(each)) for each in measured if each.processes == number
                )
                for number in numbers
            },
        )
        for title, figure in figures.items()
    ]


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


def _await_room(lab: Lab) -> None:
    """Wait until the namespaces of the run before, which had the same names, are gone."""
    ends = time.monotonic() + LIMIT
    path = f"/api/v1/namespaces?labelSelector=kubecheck.dev/run%3D{RUN}"
    while (lab.api().get(path) or {}).get("items"):
        if time.monotonic() > ends:
            raise RunProblem(f"the namespaces of the run before still stand after {LIMIT} s")
        time.sleep(1)


def _warn_of_dead_nodes(lab: Lab, measured: Measured) -> None:
    """Say so where fake nodes were taken for dead, this time or before: their pods then answer nobody."""
    path = "/api/v1/namespaces/default/events?fieldSelector=reason%3DNodeNotReady"
    nodes = {event["involvedObject"]["name"] for event in (lab.api().get(path) or {}).get("items", ())}
    if nodes:
        print(f"scale: {len(nodes)} of {measured.nodes} nodes were NotReady for a while", file=sys.stderr)


def _run(lab: Lab, processes: int, reports: Path, again: Path) -> Measured:
    most = [0]
    divided = ["-n", str(processes)] if processes > 1 else []
    options = ["-q", "--run", RUN, *divided]
    ran = run_kubecheck(
        lab.kubeconfig, lab.policy, reports, *options, limit=LIMIT, beside=lambda pid: _memory(pid, most)
    )
    (reports / "output.txt").write_text("".join(ran.lines))
    _await_room(lab)
    return Measured(
        nodes=len(ran.verdict["cluster"]["nodes"]),
        processes=processes,
        seconds=ran.seconds,
        again=_judged_again(reports / "record.json", again, divided),
        phases=ran.verdict["timings"],
        requests=ran.verdict["requests"]["total"],
        mebibytes=most[0] / 2**20,
        megabytes={file: (reports / file).stat().st_size / 1e6 for file in REPORTS},
        lines=len(ran.lines),
    )


def _judged_again(record: Path, reports: Path, divided: Sequence[str]) -> float:
    """Seconds in which a record is judged. Raises RunProblem where it is not.

    The reports are left there: ext4 looks through all files that were deleted a moment ago for each new one.
    """
    command = replay_command_line(record, reports, "-q", *divided)
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=LIMIT, check=False)
    if not (reports / "verdict.json").exists():
        raise RunProblem(f"{record} was not judged again")
    return time.monotonic() - began


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
