"""Whether kubecheck's own process has time to listen: silence tells nothing where it has not."""

from __future__ import annotations

import threading
import time
from types import TracebackType

TICK = 0.5  # seconds from one tick to the next


class Clock:
    """Ticks as long as somebody uses it (``with``), and knows how late its ticks came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._stop = threading.Event()
        self._ticks: list[tuple[float, float]] = []

    def __enter__(self) -> Clock:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._stop = threading.Event()
                threading.Thread(target=self._tick, args=(self._stop,), name="clock", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._stop.set()

    def late(self, since: float) -> float:
        """How many seconds too late the latest tick came from ``since``, a time of ``time.monotonic``, on."""
        return max((late for came, late in tuple(self._ticks) if came >= since), default=0.0)

    def _tick(self, stop: threading.Event) -> None:
        due = time.monotonic() + TICK
        while not stop.wait(TICK):
            now = time.monotonic()
            self._ticks.append((now, now - due))
            due = now + TICK
