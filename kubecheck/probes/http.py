"""HTTP: what a server answers, and which of our own servers it was."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.identity import IdentityAnswer
from kubecheck.probes.question import KILLED, Question, Raw, address, not_connected


@dataclass(frozen=True)
class HttpGet(Question):
    """``GET http://host:port/path``; ``settles`` for a Service that this run has just created."""

    single = True

    host: str
    port: int
    path: str = "/"
    settles: bool = False

    @property
    def key(self) -> str:
        """``GET http://HOST:PORT/PATH``."""
        return f"GET http://{address(self.host, self.port)}{self.path}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - a single program is ended in time
        """The body on standard output; an error in words on standard error."""
        url = f"http://{address(self.host, self.port)}{self.path}"
        # Not wget's own -T, with which some builds of busybox crash.
        return f"wget -Y off -q -O - {quote(url)}"

    def read(self, raw: Raw, origin: str) -> HttpAnswer:
        """The answer in ``raw``."""
        return HttpAnswer(self, origin, raw)


@dataclass(frozen=True)
class HttpAnswer(IdentityAnswer):
    """The body, or why there is none."""

    @property
    def got(self) -> str:
        """The body's beginning, or what happened instead."""
        if not self.answered:
            text = self.raw.text
            if self.raw.status in KILLED or "timed out" in text:
                return "no answer"
            if told := not_connected(text):
                return told
        return super().got
