"""Names in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 5  # so many are named; the others are counted


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """``a, b and 7 more``: a thousand names are no sentence."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{separator.join(names[:NAMED])}{more}"
