"""Bulk data: does all of it arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, Answer, Question, Raw, address


@dataclass(frozen=True)
class Download(Question):
    """``GET http://host:port/path``, whose body must be ``size`` bytes long.

    Many full packets must cross the network, which a ping, a handshake and a short answer do not
    need. ``settles`` for a Service that this run has just created.
    """

    host: str
    port: int
    path: str
    size: int
    settles: bool = False

    @property
    def key(self) -> str:
        """``GET SIZE bytes of http://HOST:PORT/PATH``."""
        return f"GET {self.size} bytes of http://{address(self.host, self.port)}{self.path}"

    def shell(self, seconds: int) -> str:
        """The bytes are counted where they arrive; wget's own exit status is told beside them."""
        url = quote(f"http://{address(self.host, self.port)}{self.path}")
        fetch = f'timeout {seconds} wget -Y off -q -O - {url} || echo "exit status $?" >&2'
        return f'{{ {fetch}; }} | {{ n=$(wc -c); echo "$n bytes"; [ "$n" -eq {self.size} ]; }}'

    def read(self, raw: Raw, origin: str) -> DownloadAnswer:
        """The answer in ``raw``."""
        counted = re.search(r"^([0-9]{1,18}) bytes$", raw.text, re.MULTILINE)
        return DownloadAnswer(self, origin, raw, int(counted[1]) if counted else None)


@dataclass(frozen=True)
class DownloadAnswer(Answer):
    """How many bytes arrived; None when they were not counted."""

    arrived: int | None

    @property
    def conclusive(self) -> bool:
        """Nothing is learnt without a count, nor where the time ran out for want of CPU."""
        return self.arrived is not None and not (self.raw.starved and self._cut_off) and super().conclusive

    @property
    def _cut_off(self) -> bool:
        """Whether the time ran out."""
        status = re.search(r"exit status ([0-9]{1,3})\b", self.raw.text)
        return bool(status and int(status[1]) in KILLED)

    @property
    def got(self) -> str:
        """The count, and why there was no more."""
        if self.arrived is None or not self.conclusive:
            return super().got
        status = re.search(r"exit status ([0-9]{1,3})\b", self.raw.text)
        told = re.search(r"wget: (.+)", self.raw.text)
        if self._cut_off:
            said = "then no more came"
        elif told:
            said = told[1].strip().lower()
        else:
            said = "then the connection was closed" if status else "and that was all"
        return f"{self.arrived} bytes, {said}"

    def must_be_complete(self) -> None:
        """Every byte arrived."""
        question = self.question
        assert isinstance(question, Download)
        self.must(self.arrived == question.size, f"{question.size} bytes")
