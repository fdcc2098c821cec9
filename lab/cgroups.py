"""The lab's cgroups: every process of a lab is in one from its first moment, so that none is ever lost.

Cgroup v1 has a hierarchy per controller and a lab has a directory in each; v2 has one. A machine's own cgroup
is what its cgroup namespace shows as the root. Its processes live in a leaf below it, because v2 allows no
processes in a cgroup that hands controllers down, and the kubelet makes one of the machine's.
"""

import os
import signal
import time
from pathlib import Path

from lab.errors import LabError

ROOT = Path("/sys/fs/cgroup")
LEAF = "system"
EMPTYING_SECONDS = 20.0


def hierarchies() -> list[Path]:
    """The mounted hierarchies that have controllers: one with v2, one per controller with v1."""
    v1 = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind, options, *_ = line.split()
        if kind == "cgroup2" and target == str(ROOT):
            return [ROOT]
        if kind == "cgroup" and "name=" not in options:
            v1.append(Path(target))
    if not v1:
        raise LabError("No cgroup hierarchy with controllers is mounted under /sys/fs/cgroup.")
    return v1


def is_v2() -> bool:
    """Whether the machine runs cgroup v2 only."""
    return hierarchies() == [ROOT]


def create(path: str) -> None:
    """Make the cgroup ``path`` (relative, as kubecheck-lab/node) with its leaf, in every hierarchy."""
    for hierarchy in hierarchies():
        directory = hierarchy
        for part in (*path.split("/"), LEAF):
            parent, directory = directory, directory / part
            if hierarchy == ROOT and part != LEAF:
                _hand_down_controllers(parent)
            directory.mkdir(exist_ok=True)
            if (parent / "cpuset.cpus").exists() and hierarchy != ROOT:
                for file in (
                    "cpuset.cpus",
                    "cpuset.mems",
                ):  # empty in a new v1 cpuset, which then takes nobody
                    (directory / file).write_text((parent / file).read_text())


def _hand_down_controllers(directory: Path) -> None:
    controllers = (directory / "cgroup.controllers").read_text().split()
    try:
        (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))
    except OSError as error:
        raise LabError(
            f"The cgroup {directory} cannot hand its controllers down ({error.strerror}): it must hold no "
            "processes itself, so in a container move them into a cgroup below it first."
        ) from error


def joining(path: str) -> str:
    """A line of shell that moves the shell itself into the machine's cgroup ``path``."""
    return " && ".join(f"echo $$ > '{hierarchy}/{path}/cgroup.procs'" for hierarchy in hierarchies())


def leaf(path: str) -> str:
    """Where the processes of the machine's cgroup ``path`` live."""
    return f"{path}/{LEAF}"


def processes(path: str) -> set[int]:
    """Every process in the cgroup or below it."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for file in [*(hierarchy / path).rglob("cgroup.procs"), hierarchy / path / "cgroup.procs"]:
            try:
                found.update(int(line) for line in file.read_text().split())
            except OSError:
                continue  # removed while we looked
    return found - {0}


def empty_and_remove(path: str) -> None:
    """Kill every process in the cgroup or below it, and remove it. LabError when something survives."""
    deadline = time.monotonic() + EMPTYING_SECONDS
    for hierarchy in hierarchies():
        for file in (hierarchy / path).rglob("freezer.state"):
            file.write_text("THAWED")  # a frozen process does not die
    while left := [hierarchy / path for hierarchy in hierarchies() if (hierarchy / path).exists()]:
        for pid in processes(path):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # died meanwhile
        if not all([_removed(directory) for directory in left]):  # noqa: C419 - every one is to be tried
            if time.monotonic() > deadline:
                raise LabError(
                    f"The lab's processes {sorted(processes(path))} in {left[0]} survive being killed; "
                    "see what holds them with `cat /proc/PID/stack`, then run `down` again."
                )
            time.sleep(0.02)  # the kernel tells nobody when a process has left its cgroups


def _removed(directory: Path) -> bool:
    """Remove a tree of cgroups as far as the kernel lets go of it; whether all of it is gone."""
    try:
        for current, children, _ in os.walk(directory, topdown=False):
            for child in children:
                (Path(current) / child).rmdir()
        directory.rmdir()
    except OSError:
        return not directory.exists()
    return True
