"""UDP: one datagram to a server of ours, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from shlex import quote

from kubecheck.probes.identity import IdentityAnswer
from kubecheck.probes.question import KILLED, Question, Raw, address


@dataclass(frozen=True)
class UdpAsk(Question):
    """A datagram to ``host:port``, where a server of ours answers with its identity.

    Busybox's only UDP client that speaks to any port and shows what came back is tftp. Our server
    answers its read request with a first block that is shorter than 512 bytes, so the last one.
    Source: RFC 1350, sections 2 and 6.
    """

    single = True

    host: str
    port: int

    @property
    def key(self) -> str:
        """``udp HOST:PORT``."""
        return f"udp {address(self.host, self.port)}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - a single program is ended in time
        """The block on standard output; tftp repeats an unanswered request, as any UDP client must."""
        return f"tftp -g -r identity -l - {quote(self.host)} {self.port}"

    def read(self, raw: Raw, origin: str) -> UdpAnswer:
        """The answer in ``raw``."""
        return UdpAnswer(self, origin, raw)


@dataclass(frozen=True)
class UdpAnswer(IdentityAnswer):
    """Who answered, or that nobody did."""

    question: UdpAsk

    @property
    def conclusive(self) -> bool:
        """False for an answer from an address that was not asked.

        tftp takes the first datagram that reaches its port, whoever sent it. Our server answers whatever it
        gets, also the acknowledgement with which an earlier tftp has ended: once in some ten thousand times
        another one has got the port of that one meanwhile.
        """
        return super().conclusive and not self.strange

    @property
    def strange(self) -> bool:
        """Whether a server of ours answered that has another address than was asked."""
        identity = self.identity
        if identity is None:
            return False
        try:
            return ip_address(identity.server) != ip_address(self.question.host)
        except ValueError:
            return True

    @property
    def got(self) -> str:
        """The identity, or what happened instead."""
        if self.conclusive and (self.raw.status in KILLED or "timeout" in self.raw.text):
            return "no answer"
        return f"{super().got}, which was not asked" if self.strange else super().got
