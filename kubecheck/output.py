"""What goes out: files that are whole or not there, and what could not be written is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A file for the text that takes the place of ``path`` in one step, once all of it is written.

    So nobody ever reads half of it, and where writing fails ``path`` is as it was. Raises OSError.
    """
    # Hidden, and with another ending: who reads all files of a kind in the folder must not take it for one.
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # Text of the cluster may hold half of a surrogate pair, which no file can.
        with draft.open("w", encoding="utf-8", errors="replace") as file:
            yield file
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def written(what: str, write: Callable[[], object]) -> bool:
    """Write; what cannot be written is told, and takes no verdict away. Returns whether it was."""
    try:
        write()
    except OSError as problem:
        print(f"kubecheck: {what} could not be written: {problem}", file=sys.stderr)
        return False
    return True


def report_written(path: Path, write: Callable[[], object]) -> bool:
    """The same for a report of a run: an earlier run's, which would be taken for it, goes too."""
    if written(str(path), write):
        return True
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return False
