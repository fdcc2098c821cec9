"""Taking a lab away: by its cgroup and its directory, so that no record is needed and none can mislead."""

import shutil
import subprocess
from pathlib import Path

from lab import cgroups, limits
from lab.state import State


def stop(state: State) -> None:
    """End every process of the lab. With them go its namespaces, and with these its interfaces and mounts."""
    cgroups.empty_and_remove(state.cgroup)
    limits.release()


def remove(state: State) -> None:
    """Leave the machine as it was before the lab."""
    stop(state)
    for mount in mounts_below(state.directory):  # there are none, unless somebody mounted something by hand
        subprocess.run(["umount", "--lazy", str(mount)], check=True)
    if state.directory.exists():
        shutil.rmtree(state.directory)
    parent = state.directory.parent
    if state.parent_is_ours and parent.exists() and not any(parent.iterdir()):
        parent.rmdir()


def remains(state: State) -> bool:
    """Whether anything of a lab is there."""
    return state.directory.exists() or any(
        (hierarchy / state.cgroup).exists() for hierarchy in cgroups.hierarchies()
    )


def mounts_below(directory: Path) -> list[Path]:
    """What is mounted in the directory, the innermost first."""
    targets = [
        Path(line.split()[1].encode().decode("unicode_escape"))
        for line in Path("/proc/self/mounts").read_text().splitlines()
    ]
    return [target for target in reversed(targets) if target.is_relative_to(directory)]
