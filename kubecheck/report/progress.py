"""What is waited for, while it is: a line that moves on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kubecheck.report.lines import plain

TICK = 0.1  # seconds
SHORT = 0.3  # seconds of waiting that nobody needs to be told of
FIRST, AGAIN = 2.0, 15.0  # seconds into a phase for its first plain line, and between two of them
ROOM = 10  # columns without which nothing is shown
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_SPINNER = "|/-\\"
SAVE, RESTORE, CLEAR = "\x1b7", "\x1b8", "\x1b[K"


@dataclass(frozen=True)
class Wait:
    """What is waited for: its name, how far it is, and both in a few characters for a narrow place."""

    phase: str
    so_far: str = ""
    short: str = ""


class Progress:
    """Tells what the main thread waits for. A thread of its own writes, and only during such a wait.

    ``out`` is a file descriptor of the terminal or file. With ``live`` the line is drawn to the right of the
    cursor, which stays where it is, so that whoever writes next overwrites nothing and needs to know nothing.
    """

    def __init__(self, out: int, *, live: bool, spinner: str = SPINNER) -> None:
        self.out = out
        self.live = live
        self.spinner = spinner
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._say: Callable[[], Wait] | None = None
        self._line = ""
        self._width = 0
        self._since = 0.0
        self._drawn = False
        self._parted = False
        self._began: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def waiting(self, say: Callable[[], Wait], *, line: str = "", width: int = 80) -> Iterator[None]:
        """Tell what ``say`` says while the block runs.

        ``line`` is what somebody has already written of a line ``width`` columns wide, and will go on with.
        """
        with self._lock:
            self._say, self._since, self._line, self._width = say, time.monotonic(), line, width
            self._parted = False
        self._wanted.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._tick, daemon=True, name="progress")
            self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._say = None
                self._wanted.clear()
                if self._drawn:
                    self._write(CLEAR)
                    self._drawn = False
                if self._parted:
                    self._write(line)

    def close(self) -> None:
        """Write nothing any more."""
        self._closed.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
        os.close(self.out)

    def _tick(self) -> None:
        while not self._closed.is_set():
            self._wanted.wait()
            if self._closed.wait(TICK):
                return
            with self._lock:
                if self._say is not None:
                    self._show(self._say(), time.monotonic())

    def _show(self, wait: Wait, now: float) -> None:
        elapsed = now - self._began.setdefault(wait.phase, self._since)
        if now - self._since < SHORT:
            return
        if self.live:
            self._draw(wait, elapsed)
        elif elapsed >= self._due.get(wait.phase, FIRST):
            self._due[wait.phase] = elapsed + AGAIN
            start = "\n" if self._line and not self._parted else ""
            so_far = f": {wait.so_far}" if wait.so_far else ""
            self._write(plain(f"kubecheck: {wait.phase}{so_far} ({elapsed:.0f} s)").join((start, "\n")))
            self._parted = True

    def _draw(self, wait: Wait, elapsed: float) -> None:
        room = self._width - len(self._line) % self._width - 1
        if room < ROOM:
            return
        sign = self.spinner[int(elapsed / TICK) % len(self.spinner)]
        seconds = f"{elapsed:.0f} s"
        for text in (f"{wait.phase}: {wait.so_far}" if wait.so_far else wait.phase, wait.short):
            said = plain(f"{sign} {text}, {seconds}" if text else f"{sign} {seconds}")
            if len(said) <= room:
                self._write(f"{SAVE}{said}{CLEAR}{RESTORE}")
                self._drawn = True
                return

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self.out, data) :]
        except OSError:
            self._closed.set()  # the terminal is gone; the run goes on without it
