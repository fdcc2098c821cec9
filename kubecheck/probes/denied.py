"""What must not be reached: a port that a NetworkPolicy forbids."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import Question, Raw, address
from kubecheck.probes.tcp import TcpAnswer


@dataclass(frozen=True)
class Denied(Question):
    """A TCP connection to ``host:port`` that must not come about; the rule is this run's, so it settles."""

    host: str
    port: int
    settles: bool = True

    @property
    def key(self) -> str:
        """``tcp HOST:PORT, which is forbidden``."""
        return f"tcp {address(self.host, self.port)}, which is forbidden"

    def shell(self, seconds: int) -> str:
        """Succeeds when nc says that there is no connection; its status 1 is that, 126 and 127 are not."""
        return f"nc -w {seconds} {quote(self.host)} {self.port} -e true; [ $? -eq 1 ]"

    def read(self, raw: Raw, origin: str) -> DeniedAnswer:
        """The answer in ``raw``."""
        return DeniedAnswer(self, origin, raw)


@dataclass(frozen=True)
class DeniedAnswer(TcpAnswer):
    """Whether the connection came about all the same."""

    @property
    def connected(self) -> bool:
        """True when the connection stood."""
        return self.raw.status == 1 and self.conclusive

    @property
    def conclusive(self) -> bool:
        """The line ends with 0 or 1, unless it was killed; nc's 1 may also be an error of its own.

        That there was no connection shows nothing where this vantage had no time to hear of one.
        """
        unheard = self.raw.status == 0 and self.raw.late
        return self.raw.status in (0, 1) and not unheard and not self.tool_failed and super().conclusive

    def must_not_connect(self) -> None:
        """The connection did not come about."""
        self.must(not self.connected, "no connection: a NetworkPolicy of this run forbids it")
