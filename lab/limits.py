"""Inotify instances: the one limit of the machine that a lab needs raised, put back with the last lab's end.

The kernel counts them per user over the whole machine; a node takes about fifteen, and the default is 128.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import cgroups

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
BEFORE = Path("/run/kubecheck-lab-inotify")  # what the limit was; /run, for a restart resets both
NEEDED = 2048


def hold(cgroup: str) -> None:
    """Raise the limit for the lab with this cgroup, which is made now: while it is there, so is the limit."""
    with _turn():
        (cgroups.hierarchies()[0] / cgroup).mkdir(exist_ok=True)
        limit = int(INSTANCES.read_text())
        if limit < NEEDED:
            BEFORE.write_text(str(limit))
            INSTANCES.write_text(str(NEEDED))


def release() -> None:
    """Put the limit back when no lab is left."""
    with _turn():
        if BEFORE.exists() and not list(cgroups.hierarchies()[0].glob("kubecheck-*")):
            INSTANCES.write_text(BEFORE.read_text())
            BEFORE.unlink()


@contextmanager
def _turn() -> Iterator[None]:
    """One lab at a time; the lock goes with its holder, and leaves no file."""
    directory = os.open(cgroups.hierarchies()[0], os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)
