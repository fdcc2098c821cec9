"""DNS again and again: is every lookup answered, and how long does each take."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, SECONDS, STARVED, Answer, Question, Raw

PATIENCE = 2  # seconds; nslookup sends its query again after 2.5, and that would hide a lost one


@dataclass(frozen=True)
class DnsSeries(Question):
    """The same lookup ``times`` times, one after the other, over UDP; it ends at the first that is lost.

    ``rdtype`` is A or AAAA. A Service spreads lookups over its endpoints, so that one of them
    that does not answer shows.
    """

    name: str
    server: str
    rdtype: str = "A"
    times: int = 10

    @property
    def key(self) -> str:
        """``dns TYPE NAME of SERVER over udp, TIMES times``."""
        return f"dns {self.rdtype} {self.name} of {self.server} over udp, {self.times} times"

    def shell(self, seconds: int) -> str:
        """Seconds since boot, to 10 ms, before and after each lookup, and its exit status."""
        lookup = f"nslookup -type={self.rdtype.lower()} {quote(self.name)}. {quote(self.server)}"
        return (
            f"n=0; while [ $n -lt {self.times} ]; do n=$((n+1)); read -r from _ </proc/uptime;"
            f" said=$(timeout {min(seconds, PATIENCE)} {lookup} 2>&1); status=$?; read -r to _ </proc/uptime;"
            ' echo "lookup $status $from $to"; [ $status -eq 0 ] || { echo "$said"; exit $status; }; done'
        )

    def read(self, raw: Raw, origin: str) -> DnsSeriesAnswer:
        """The answer in ``raw``."""
        each = re.findall(rf"^lookup ([0-9]{{1,3}}) ({SECONDS}) ({SECONDS})$", raw.text, re.MULTILINE)
        took = tuple(round(float(to) - float(start), 2) for status, start, to in each if status == "0")
        said = " ".join(re.sub(r"^lookup .*$", "", raw.text, flags=re.MULTILINE).split())
        late = 0.0
        if each and int(each[-1][0]) in KILLED:
            said = f"no reply within {PATIENCE} s"
            late = round(float(each[-1][2]) - float(each[-1][1]) - PATIENCE, 2)
        elif raw.status in KILLED:
            said = "the time was over"
        return DnsSeriesAnswer(self, origin, raw, took, said, late)


@dataclass(frozen=True)
class DnsSeriesAnswer(Answer):
    """How many seconds each answered lookup took, and what ended the series early.

    ``late`` is how many seconds after its time was over a lookup that was not answered really ended.
    """

    took: tuple[float, ...]
    said: str
    late: float = 0.0

    @property
    def conclusive(self) -> bool:
        """Where even the end of the patience came late, the node had no time to see a reply."""
        return self.late < STARVED and super().conclusive

    @property
    def median(self) -> float:
        """Seconds that half of the answered lookups took at most; 0.0 when none was answered."""
        return statistics.median(self.took) if self.took else 0.0

    @property
    def got(self) -> str:
        """How many were answered, how fast, and what ended the series."""
        ended = f", then {self.said[:200] or 'nothing'}" if self.raw.status else ""
        speed = f", half of them within {self.median * 1000:.0f} ms" if self.took else ""
        return f"{len(self.took)} answers{speed}{ended}"

    def must_all_come(self, times: int) -> None:
        """Every lookup was answered."""
        self.must(self.raw.status == 0 and len(self.took) == times, f"{times} answers")

    def must_be_within(self, milliseconds: int) -> None:
        """Half of the lookups took no longer than ``milliseconds``; the others may have met a busy node."""
        self.must(self.median * 1000 <= milliseconds, f"half of them within {milliseconds} ms")
