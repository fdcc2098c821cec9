"""What comes from outside: text of a bounded size, and JSON that can be written out again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn


class TooLarge(ValueError):
    """There is more than there can be; the text says how much that is."""


def read_text(path: Path, limit: int) -> str:
    """All of a file, which holds ``limit`` bytes at most: that also ends a device that never does.

    Raises OSError, TooLarge, and ValueError for what is not UTF-8.
    """
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"it is larger than {limit / 1e6:.0f} MB")
    return data.decode("utf-8")


def parse_json(text: str | bytes) -> Any:
    """The value that ``text`` holds. Raises ValueError for what is no JSON, or cannot become JSON again.

    Python reads more than JSON: NaN, numbers too large for a float, halves of surrogate pairs.
    """
    try:
        found = json.loads(text, parse_float=_finite, parse_constant=_no_number)
        if ("\\u" if isinstance(text, str) else b"\\u") in text:  # type: ignore[operator]
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_number(text)
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number in JSON")
