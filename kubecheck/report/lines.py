"""Lines for a terminal: wrapped, counted in rows, cut to the room there is, and harmless."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line and its colours, by pytest's names for them."""

    text: str
    markup: Mapping[str, bool]


Block = list[Line]


def plain(text: str) -> str:
    """``text`` without control characters: a probe's output must not steer the terminal.

    Nor may a line of it be a command to GitHub's runner, which reads them out of the log, indented or not.
    """
    clean = "\n".join(line if line.isprintable() else _cleaned(line) for line in text.split("\n"))
    if "::" not in clean and "##[" not in clean:
        return clean
    return "\n".join(
        f"\ufffd{line}" if line.lstrip().startswith(("::", "##[")) else line for line in clean.split("\n")
    )


def _cleaned(line: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def paragraph(label: str, text: str, width: int, *, hang: int = 0, most: int = 0, **markup: bool) -> Block:
    """``text`` after ``label``, its further lines ``hang`` columns further in than the text.

    ``width`` 0 leaves it one line. With ``most``, lines beyond so many are left out.
    """
    whole = plain(f"{label}{' '.join(text.split())}")
    if not width or len(whole) <= width:
        return [Line(whole, markup)]
    indent = " " * (len(label) + hang)
    lines = textwrap.wrap(
        whole, max(width, len(indent) + 20), subsequent_indent=indent, break_on_hyphens=False,
        break_long_words=False, drop_whitespace=True, max_lines=most or None, placeholder=" ...",
    )  # fmt: skip
    return [Line(plain(line), markup) for line in lines]


def height(block: Sequence[Line], width: int) -> int:
    """Rows that a block takes on a terminal of ``width`` columns."""
    return sum(max(1, -(-len(line.text) // width)) if width else 1 for line in block)


def fitted(items: Sequence[Sequence[Block]], rows: int, width: int, noun: str) -> Block:
    """As much of ``items`` as ``rows`` hold: each is given from its fullest to its shortest telling.

    The first ones are told the most fully; a third of the room is for the others in short. What has no
    room at all is counted in a last line. One item is always told.
    """
    least = [height(each[-1], width) for each in items]
    told: Block = []
    left = rows
    for number, each in enumerate(items):
        after = sum(least[number + 1 :])
        last = after == 0
        kept = 0 if last else min(after, max(1, rows // 3))
        best = next((block for block in each if height(block, width) <= left - kept), None)
        if best is None and least[number] <= left - (not last):
            best = each[-1]
        if best is None and number:
            told.append(Line(f"  ... and {len(items) - number} more {noun}: -v lists them all", {}))
            break
        told += best or each[-1]
        left -= height(best or each[-1], width)
    return told


def cut(text: str, width: int) -> str:
    """``text`` in one row of ``width`` columns; whole where that is 0."""
    return text if not width or len(text) <= width else f"{text[: width - 4]} ..."
