"""Telling what the lab is doing, so that nobody thinks that it hangs.

A step says what it does and how long it took. On a terminal its seconds count up in place; elsewhere (a CI
log, a file) nothing can be drawn over, so a step that takes long adds a line now and then.
"""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

TERMINAL_PERIOD = 0.2  # seconds between redraws
PLAIN_FIRST = 1.0  # seconds until a step that still runs is announced
PLAIN_PERIOD = 30.0  # seconds between the lines that say it still runs


class Progress:
    """Prints to ``out``, standard error unless told. Steps may run side by side in threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
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
        if self._terminal:
            while not over.wait(TERMINAL_PERIOD):
                with self._lock:
                    if self._running[0] == entry:  # one of the running steps draws for all
                        self._draw()
            return
        if over.wait(PLAIN_FIRST):
            return
        with self._lock:
            self._line(f"{what} ...")
        while not over.wait(PLAIN_PERIOD):
            with self._lock:
                self._line(f"{what} ... still running after {time.monotonic() - started:.0f} s")

    def _draw(self) -> None:
        """Redraw the terminal's last line: the steps that are running, with their seconds."""
        now = time.monotonic()
        told = ", ".join(f"{what} ... {now - started:.0f} s" for what, started in self._running)
        room = shutil.get_terminal_size().columns - 1  # a wrapped line could not be drawn over
        self._out.write(f"\r\x1b[K{told[:room]}")
        self._out.flush()

    def _line(self, text: str) -> None:
        if self._terminal:
            self._out.write("\r\x1b[K")
        self._out.write(f"{text}\n")
        if self._terminal and self._running:
            self._draw()
        self._out.flush()
