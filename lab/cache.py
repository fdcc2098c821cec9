"""The cache of what the lab builds: one directory an entry, named by the hash of what it is made from.

An entry is built under another name and renamed when it is whole, so what bears an entry's name is complete.
Its ``entry.json`` holds the size and time of every file directly in it; where they differ, it is built anew.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError
from lab.progress import Progress

RECORD = "entry.json"


def root() -> Path:
    """Where the cache lies: ``$KUBECHECK_LAB_CACHE``, or ~/.cache/kubecheck-lab."""
    chosen = os.environ.get("KUBECHECK_LAB_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "kubecheck-lab"


def digest(*parts: str | bytes) -> str:
    """Name exactly these parts, in this order: 16 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)  # so that ("ab", "c") is not ("a", "bc")
    return total.hexdigest()[:16]


def files_digest(paths: list[Path]) -> str:
    """Name these files by their names and contents."""
    parts: list[str | bytes] = []
    for path in sorted(paths):
        parts += [path.name, path.read_bytes()]
    return digest(*parts)


def entry(name: str, build: Callable[[Path], None], what: str, progress: Progress) -> Path:
    """Give the directory of the entry ``name``; ``build`` fills an empty one if the cache lacks it.

    ``what`` names the work in the progress line, for example "building etcd 3.6.16".
    """
    place = root() / name
    if _whole(place):
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _lock(place.with_name(f"{name}.lock"), what, progress):
            if _whole(place):  # somebody else built it while we waited
                return place
            _make(place, build, what, progress)
    except OSError as error:
        raise LabError(
            f"The lab's cache {place.parent} cannot be written ({error}): "
            "mend that, or set KUBECHECK_LAB_CACHE to a directory on a disk with 2 GiB free."
        ) from error
    return place


def _make(place: Path, build: Callable[[Path], None], what: str, progress: Progress) -> None:
    partial = place.with_name(f"{place.name}.partial")
    _remove(partial)  # left by a build that was killed
    _remove(place)
    partial.mkdir()
    try:
        with progress.step(what):
            build(partial)
            _record(partial)
        partial.rename(place)
    finally:
        _remove(partial)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _files(directory: Path) -> dict[str, list[int]]:
    return {
        path.name: [(stat := path.stat()).st_size, stat.st_mtime_ns]
        for path in sorted(directory.iterdir())
        if path.is_file() and path.name != RECORD
    }


def _record(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_file():
            with path.open("rb") as file:  # on the disk before the name that vouches for it
                os.fsync(file.fileno())
    (directory / RECORD).write_text(json.dumps(_files(directory), indent=1))


def _whole(directory: Path) -> bool:
    try:
        recorded = json.loads((directory / RECORD).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return bool(recorded == _files(directory))


@contextmanager
def _lock(path: Path, what: str, progress: Progress) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"waiting for another process that is {what}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
