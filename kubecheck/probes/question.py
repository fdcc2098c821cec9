"""What a question and an answer are.

A question is a value: what to ask, of whom. It becomes one line of shell that any busybox can
run, and it reads what that line printed. A request (see requests.py) is asked by kubecheck
itself, through the API server; an inquiry is either of them. An answer keeps the inquiry, where
it was made, and the raw evidence, so that its message needs nothing else.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from kubecheck.outcomes import CannotTell

KILLED = {124, 137, 143}  # exit codes: GNU timeout's own, and of what ended by SIGKILL or SIGTERM
NOT_FOUND = {126, 127}
SECONDS = r"[0-9]{1,12}\.[0-9]+"  # a time as probes print it, for regular expressions
STARVED = 0.5  # seconds late; doing nothing takes 10 to 30 ms where there is CPU

# The tool itself could not do its work, so nothing was learnt about the cluster. "Operation not
# permitted" is none of these: the kernel says it to a sender whose packet a local rule rejects,
# as kube-proxy's does for a Service without endpoints.
_TOOL_TROUBLE = re.compile(
    r"applet not found|can't execute|^\S*sh: .*: not found$|unrecognized option|invalid option|Usage: |"
    r"socket: Operation not permitted|can't fork|Cannot allocate memory|No space left",
    re.IGNORECASE | re.MULTILINE,
)

_TIMED_OUT = re.compile(r"timed out|timeout", re.IGNORECASE)


@dataclass(frozen=True)
class Raw:
    """What one line of shell did: its exit status, what it printed, how long it took.

    ``seconds`` is the time until the last try ended, to 10 ms; ``tries`` is above 1 only for a
    question that was given time to settle. ``idle`` is how many seconds the vantage itself was late, then
    or meanwhile: how late a clock ticked during the question; after a failure the most of that, of how long
    it took to do nothing, three times over, and of how late most other answers came.
    """

    status: int
    output: bytes
    seconds: float
    tries: int = 1
    idle: float = 0.0

    @property
    def text(self) -> str:
        """What it printed, as text in one piece; bytes that are not UTF-8 are replaced."""
        return self.output.decode("utf-8", "replace").strip()

    @property
    def late(self) -> bool:
        """The vantage had too little CPU to tell silence from slowness."""
        return self.idle >= STARVED

    @property
    def starved(self) -> bool:
        """It failed, and may have done so for want of CPU alone."""
        return self.status != 0 and self.late


class Inquiry(ABC):
    """Something to find out at a vantage. Subclasses are frozen dataclasses."""

    settles: bool = False
    """Whether it is asked again until it holds: only for what this run has just created."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What is asked, in a form that is unique, stable and readable: ``tcp 10.96.0.1:443``."""

    @property
    def whom(self) -> str:
        """The address that is asked: the field ``host`` or ``server``; empty for an inquiry without one."""
        return str(getattr(self, "host", "") or getattr(self, "server", ""))

    @abstractmethod
    def read(self, raw: Raw, origin: str) -> Answer:
        """The answer in ``raw``, asked from ``origin``."""


class Question(Inquiry):
    """Something that a probe pod asks, with a line of shell."""

    single: ClassVar[bool] = False
    """Whether its line is one program, or a pipe into one. Whoever runs it then ends that after some seconds.

    Any other line sees to it that whatever it starts is over in time.
    """

    @abstractmethod
    def shell(self, seconds: int) -> str:
        """The line of shell that asks it, and gives up after ``seconds`` unless it is ``single``."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``origin`` says where it was asked from, for people."""

    question: Inquiry
    origin: str
    raw: Raw

    @property
    def conclusive(self) -> bool:
        """False when the tool failed, or its own node was too slow, rather than the cluster."""
        status = self.raw.status
        if status == 0:
            return True
        if self.raw.starved and (status in KILLED or _TIMED_OUT.search(self.raw.text)):
            return False
        crashed = status > 128 and status not in KILLED
        return not crashed and status not in NOT_FOUND and not self.tool_failed

    @property
    def tool_failed(self) -> bool:
        """Whether the tool says that it could not do its work; one that succeeds may print the like."""
        return bool(_TOOL_TROUBLE.search(self.raw.text))

    @property
    def may_change(self) -> bool:
        """Whether asking again may tell what this did not: a tool that is not there will not be there."""
        return not self.conclusive and self.raw.status not in NOT_FOUND

    @property
    def got(self) -> str:
        """What came back, in a few words."""
        text = " ".join(self.raw.text.split())
        if self.raw.status in KILLED:
            said = text.removesuffix("Terminated").removesuffix("Killed").strip()
            return f"no answer ({said[:200]})" if said else "no answer"
        return text[:300] or f"nothing (exit status {self.raw.status})"

    def must(self, holds: bool, expected: str) -> None:
        """Judge: raises AssertionError when it does not hold, CannotTell when nothing was learnt."""
        if not self.conclusive:
            raise CannotTell(self.told(expected))
        if not holds:
            raise AssertionError(self.told(expected))

    def told(self, expected: str) -> str:
        """The evidence: asked what, from where, what came back, what was expected."""
        tries = f", the last of {self.raw.tries} tries" if self.raw.tries > 1 else ""
        slow = f"; for want of CPU everything there was {self.raw.idle:.2f} s late" if self.raw.late else ""
        return (
            f"asked {self.question.key} from {self.origin}: {self.got}"
            f" ({self.raw.seconds:.2f} s{tries}{slow}); expected {expected}"
        )


def not_connected(text: str) -> str:
    """Why busybox could not connect, in the kernel's words; empty where it does not say."""
    told = re.search(r"can't connect to remote host.*?: (.+)", text)
    return told[1].strip().lower() if told else ""


def address(host: str, port: int) -> str:
    """``host:port``, with IPv6 addresses in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
