"""TCP: does a connection come about."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, Answer, Question, Raw, address, not_connected


@dataclass(frozen=True)
class TcpConnect(Question):
    """A TCP connection to ``host:port``, closed again at once."""

    single = True

    host: str
    port: int

    @property
    def key(self) -> str:
        """``tcp HOST:PORT``."""
        return f"tcp {address(self.host, self.port)}"

    def shell(self, seconds: int) -> str:
        """Busybox's nc has no -z; -e starts its program only once the connection stands."""
        return f"nc -w {seconds} {quote(self.host)} {self.port} -e true"

    def read(self, raw: Raw, origin: str) -> TcpAnswer:
        """The answer in ``raw``."""
        return TcpAnswer(self, origin, raw)


@dataclass(frozen=True)
class TcpAnswer(Answer):
    """Whether the connection came about, and the kernel's word if not."""

    @property
    def connected(self) -> bool:
        """True when the connection stood."""
        return self.raw.status == 0

    @property
    def got(self) -> str:
        """``connected``, or the kernel's word for what happened."""
        if self.connected:
            return "connected"
        if self.raw.status in KILLED or "timed out" in self.raw.text:
            return "no answer to the connection attempt"
        return not_connected(self.raw.text) or super().got

    def must_connect(self) -> None:
        """The connection came about."""
        self.must(self.connected, "a TCP connection")
