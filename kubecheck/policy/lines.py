"""Where a key stands in a policy file; tomllib does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence


def line_of(text: str, location: Sequence[int | str]) -> int | None:
    """The line, from 1, on which the key at ``location`` is set; None where it is not found.

    Tables and keys written in the plain way are found; a key inside an inline table or an array
    is found at the line that the whole begins on.
    """
    path = [part for part in location if isinstance(part, str)]
    table: list[str] = []
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        key = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        if header:
            table = _parts(header[1])
            here = table
        elif key:
            here = [*table, *_parts(key[1])]
        else:
            continue
        if path[: len(here)] == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
