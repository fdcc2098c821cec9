"""A folder for what a kubeconfig holds and TLS wants as files: certificates, and the key of the user's own.

It goes when the process ends. That of a process which was killed is taken away by the next one.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: what a killed process left stays there
    fcntl = None  # type: ignore[assignment]

PREFIX = "kubecheck-keys-"
YOUNG = 60  # seconds; a folder may not be locked yet just after it was made


@cache
def key_folder() -> str | None:
    """The folder of this process, which nobody else may read; None where there can be none.

    A kubeconfig may do without, and if not, the client finds out the same in its own words.
    """
    remove_abandoned()
    try:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        _lock(Path(folder))  # held until the process ends, however it ends
    except OSError:
        return None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_abandoned() -> None:
    """Take away the folders of this user's processes that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, or has gone meanwhile
            about = folder.lstat()
            old = time.time() - about.st_mtime > YOUNG
            if not (old and stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid()):
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """A lock on the folder, which lasts as long as the descriptor is open. Raises OSError if it is taken."""
    if fcntl is None:
        return None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock
