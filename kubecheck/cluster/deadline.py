"""A time by which something must have ended, whoever waits for it."""

from __future__ import annotations

import time

MOMENT = 0.001  # seconds


class Deadline:
    """``seconds`` from now; None is never."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._ends = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds until then, 0.0 once it is over, None for never: what waiting takes as its timeout."""
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether that time has come."""
        return self.left == 0.0

    def within(self, seconds: float) -> float:
        """``seconds``, or what is left where that is less; never 0, which sockets take for something else."""
        left = self.left
        return seconds if left is None else max(MOMENT, min(seconds, left))

    def __str__(self) -> str:
        return f"the deadline of {self.seconds:g} s" if self.seconds is not None else "no deadline"
