"""A node's network as its kernel tells it: whether it forwards, and which way it sends a packet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import Answer, Question, Raw


@dataclass(frozen=True)
class ReadForwarding(Question):
    """Whether the node forwards packets: to be asked on its own network."""

    @property
    def key(self) -> str:
        """``net.ipv4.ip_forward``."""
        return "net.ipv4.ip_forward"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - a local file
        """Both families; a kernel without IPv6 has no such file."""
        return "cd /proc/sys/net; cat ipv4/ip_forward; cat ipv6/conf/all/forwarding 2>/dev/null; true"

    def read(self, raw: Raw, origin: str) -> ForwardingAnswer:
        """The answer in ``raw``."""
        found = re.findall(r"^([01])$", raw.text, re.MULTILINE)
        values = [each == "1" for each in found[:2]]
        return ForwardingAnswer(self, origin, raw, *values) if values else ForwardingAnswer(self, origin, raw)


@dataclass(frozen=True)
class ForwardingAnswer(Answer):
    """The two settings; None where the kernel does not say."""

    ipv4: bool | None = None
    ipv6: bool | None = None

    @property
    def got(self) -> str:
        """Both settings."""
        if self.ipv4 is None:
            return super().got
        return f"IPv4 {self.ipv4:d}, {'no IPv6' if self.ipv6 is None else f'IPv6 {self.ipv6:d}'}"


@dataclass(frozen=True)
class Route(Question):
    """Which way the node would send a packet to ``host``: to be asked on its own network."""

    host: str

    @property
    def key(self) -> str:
        """``route to HOST``."""
        return f"route to {self.host}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - the kernel answers at once
        """The kernel's own decision; nothing is sent."""
        return f"ip route get {quote(self.host)}"

    def read(self, raw: Raw, origin: str) -> RouteAnswer:
        """The answer in ``raw``."""
        device = re.search(r"\bdev (\S+)", raw.text)
        return RouteAnswer(self, origin, raw, device[1] if device and raw.status == 0 else "")


@dataclass(frozen=True)
class RouteAnswer(Answer):
    """The device that it would leave by; empty where there is no way."""

    device: str
