"""Telling what the lab is doing, so that nobody thinks that it hangs.

A step says what it does and how long it took. On a terminal its seconds count up in place; elsewhere (a CI
log, a file) nothing can be drawn over, so a long step adds a line now and then.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

TERMINAL_PERIOD = 0.2  # seconds between redraws
PLAIN_PERIOD = 30.0  # seconds between "still ..." lines


class Progress:
    """Prints steps to ``out`` (standard error unless told). Steps of several threads keep lines of their own."""

    def __init__(self, out: TextIO | None = None, *, plain_period: float = PLAIN_PERIOD) -> None:
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
        self._plain_period = plain_period
        self._lock = threading.Lock()
        self._running: list[tuple[str, float]] = []

    def say(self, message: str) -> None:
        """Print a whole line."""
        with self._lock:
            self._line(message)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say what is done while the block runs, for example "building etcd", and how long it took."""
        started = time.monotonic()
        entry = (what, started)
        over = threading.Event()
        with self._lock:
            self._running.append(entry)
            if self._terminal:
                self._draw()
        teller = threading.Thread(target=self._tell, args=(entry, over), daemon=True)
        teller.start()
        ending = "failed after"
        try:
            yield
            ending = "..."
        finally:
            over.set()
            teller.join()
            with self._lock:
                self._running.remove(entry)
                self._line(f"{what} {ending} {time.monotonic() - started:.1f} s")

    def _tell(self, entry: tuple[str, float], over: threading.Event) -> None:
        what, started = entry
        while not over.wait(TERMINAL_PERIOD if self._terminal else self._plain_period):
            with self._lock:
                if not self._terminal:
                    self._line(f"{what} ... still at it after {time.monotonic() - started:.0f} s")
                elif self._running[0] == entry:
                    self._draw()

    def _draw(self) -> None:
        """Redraw the terminal's last line: the steps that are running, with their seconds."""
        now = time.monotonic()
        told = ", ".join(f"{what} ... {now - started:.0f} s" for what, started in self._running)
        self._out.write(f"\r\x1b[K{told}")
        self._out.flush()

    def _line(self, text: str) -> None:
        if self._terminal:
            self._out.write("\r\x1b[K")
        self._out.write(f"{text}\n")
        if self._terminal and self._running:
            self._draw()
        self._out.flush()
