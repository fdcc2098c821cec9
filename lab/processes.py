"""Processes by pid and start time, so that a recycled pid is never taken for one of the lab's."""

import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process of the machine. ``started`` is in clock ticks since boot, as /proc tells it."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has this pid now, unless none has or only its zombie is left."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *fields = text.rpartition(")")[2].split()
        return None if state in "ZX" else cls(pid, int(fields[18]))

    @property
    def alive(self) -> bool:
        """Whether it still runs (or is stopped by a signal)."""
        return Process.of(self.pid) == self

    @property
    def frozen(self) -> bool:
        """Whether a SIGSTOP holds it."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def children(self) -> list["Process"]:
        """Its direct children."""
        try:
            pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [child for pid in pids if (child := Process.of(int(pid)))]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; a process that has ended is left alone."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.alive:
                return True
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)

    def end(self, grace: float) -> None:
        """Ask it to end, and kill it when it has not after ``grace`` seconds."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)  # a frozen process cannot end
        if not self.wait(grace):
            self.signal(signal.SIGKILL)
            self.wait(grace)
