"""How much a run asks of the API servers, for its report."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any


class RequestsMade:
    """Requests by verb, counted when they are sent. Safe to share between threads.

    Verbs are HTTP's, and two that the API server's own metrics tell apart too: WATCH, and CONNECT for exec
    and port-forward.
    """

    def __init__(self, by_verb: Mapping[str, int] | None = None, repeated: int = 0) -> None:
        self.by_verb = Counter(by_verb)
        self.repeated = repeated
        """How many were sent again after an API server had asked for patience."""
        self._lock = threading.Lock()

    def sent(self, verb: str, *, again: bool = False) -> None:
        """Count one request."""
        with self._lock:
            self.by_verb[verb] += 1
            self.repeated += again

    def add(self, other: RequestsMade) -> None:
        """Count what another process has sent."""
        with self._lock:
            self.by_verb.update(other.by_verb)
            self.repeated += other.repeated

    @property
    def total(self) -> int:
        """All of them."""
        return self.by_verb.total()

    def as_json(self) -> dict[str, Any]:
        """What ``RequestsMade`` takes."""
        return {"by_verb": dict(self.by_verb), "repeated": self.repeated}

    def __str__(self) -> str:
        by_verb = ", ".join(f"{number} {verb}" for verb, number in self.by_verb.most_common())
        again = f"; {self.repeated} of them again, because an API server was busy" if self.repeated else ""
        return (
            f"{self.total} requests to the API: {by_verb}{again}" if self.total else "no request to the API"
        )
