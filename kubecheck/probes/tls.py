"""TLS: the first words of a handshake, which show a server's certificate and what it accepts.

Busybox has no TLS client to rely on, so the ClientHello is sent as bytes through nc, and the
server's first flight is read here. It offers TLS 1.2 and no more: in TLS 1.3 certificates are
encrypted. The handshake goes no further, so nothing is proven of the server's private key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from shlex import quote

from kubecheck.outcomes import CannotTell
from kubecheck.probes.question import KILLED, Answer, Question, Raw, address, not_connected
from kubecheck.probes.suites import NAMES, STRONG, SUITES, WEAK, canonical
from kubecheck.probes.x509 import Certificate, chain_problem, missing_names

_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _CERTIFICATE = 2, 11
_ALERTS = {
    0: "close_notify", 10: "unexpected_message", 40: "handshake_failure", 47: "illegal_parameter",
    50: "decode_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    112: "unrecognized_name", 120: "no_application_protocol",
}  # fmt: skip
_REFUSALS = {"handshake_failure", "protocol_version", "insufficient_security"}


@dataclass(frozen=True)
class TlsHello(Question):
    """A ClientHello to ``host:port`` that offers ``suites`` (IANA names), or the ordinary ones if empty.

    ``server_name`` is the name asked for (SNI), for a server that has several certificates.
    """

    single = True

    host: str
    port: int
    suites: tuple[str, ...] = ()
    server_name: str = ""

    @property
    def key(self) -> str:
        """``tls HOST:PORT``, with the name asked for and the suites offered where they are not the usual."""
        name = f" as {self.server_name}" if self.server_name else ""
        return f"tls {address(self.host, self.port)}{name}{self._offer()}"

    def shell(self, seconds: int) -> str:
        """Our side is half closed after the hello, and the server ends once it has said its own."""
        octal = "".join(f"\\{byte:03o}" for byte in self.hello)
        return f"printf '{octal}' | nc -w {seconds} {quote(self.host)} {self.port}"

    def read(self, raw: Raw, origin: str) -> TlsAnswer:
        """The answer in ``raw``, as far as it is TLS."""
        suite, alert = "", ""
        chain: tuple[Certificate, ...] = ()
        for kind, body in _messages(raw.output):
            if kind == _ALERT:
                alert = alert or _ALERTS.get(body[1], f"alert {body[1]}")
            elif kind == _SERVER_HELLO:
                suite = _suite(body)
            elif kind == _CERTIFICATE:
                chain = _chain(body)
        return TlsAnswer(self, origin, raw, suite, alert, chain)

    def _offer(self) -> str:
        if not self.suites:
            return ""
        weak = [name for name in self.suites if name in WEAK]
        if len(weak) == len(self.suites) and len(weak) > 3:
            kept = [name for name in WEAK if name not in weak]
            return " offering weak suites only" + (f", without {', '.join(kept)}" if kept else "")
        return f" offering {', '.join(self.suites)}"

    @property
    def hello(self) -> bytes:
        """The ClientHello, as it goes over the wire."""
        numbers = [SUITES[canonical(name)] for name in self.suites or (*STRONG, *WEAK)]
        # A fixed "random": the same question is the same bytes, and no secret comes of it.
        body = b"\x03\x03" + b"kubecheck".ljust(32, b".") + b"\0"
        body += _vector(b"".join(number.to_bytes(2, "big") for number in numbers), 2)
        body += b"\x01\0" + _vector(b"".join(self._extensions()), 2)
        return b"\x16\x03\x01" + _vector(b"\x01" + _vector(body, 3), 2)

    def _extensions(self) -> Iterator[bytes]:
        name = self.server_name or self.host
        if not _is_address(name):
            yield _extension(0, _vector(b"\0" + _vector(name.encode("idna"), 2), 2))
        groups = (0x001D, 0x0017, 0x0018, 0x0019)  # x25519, P-256, P-384, P-521
        yield _extension(10, _vector(b"".join(group.to_bytes(2, "big") for group in groups), 2))
        yield _extension(11, b"\x01\0")  # uncompressed points
        signatures = (0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201)
        yield _extension(13, _vector(b"".join(each.to_bytes(2, "big") for each in signatures), 2))
        yield _extension(0xFF01, b"\0")  # secure renegotiation, without which some servers refuse


@dataclass(frozen=True)
class TlsAnswer(Answer):
    """The suite that the server chose, or its alert, and its certificates, its own first."""

    suite: str
    alert: str
    chain: tuple[Certificate, ...]

    @property
    def spoke_tls(self) -> bool:
        """True when a TLS server answered, whatever it said."""
        return bool(self.suite or self.alert)

    @property
    def got(self) -> str:
        """The suite and the certificate, the alert, or what happened instead."""
        if self.suite:
            if not self.chain:
                return f"{self.suite}, and no certificate"
            mine = self.chain[0]
            return (
                f"{self.suite}, certificate {mine.subject} of {mine.issuer}, valid until {mine.ends:%Y-%m-%d}"
            )
        if self.alert:
            return f"a refusal ({self.alert})"
        if told := not_connected(self.raw.text):
            return told
        if self.raw.status in KILLED or "timed out" in self.raw.text:
            return "no answer"
        if self.raw.output:
            return f"something that is not TLS ({super().got[:80]!r})"
        return "a connection that was closed without a word"

    @property
    def certificate(self) -> Certificate:
        """The server's own certificate. Raises AssertionError or CannotTell when it showed none."""
        if self.alert == "protocol_version":
            raise CannotTell(
                f"{self.told('a certificate')}: the server speaks TLS 1.3 only, which hides certificates"
            )
        self.must(bool(self.chain), "a certificate")
        return self.chain[0]

    def must_speak_tls(self) -> None:
        """A TLS server answers there."""
        self.must(self.spoke_tls, "a TLS server")

    def must_accept(self) -> None:
        """The server chose one of the suites that were offered."""
        self.must(bool(self.suite), "that the server accepts one of the suites offered")

    def must_refuse(self) -> None:
        """The server refused all suites offered, in so many words: a lost connection is no refusal."""
        expected = "a refusal (handshake_failure)"
        self.must(not self.suite, expected)
        if self.alert not in _REFUSALS:
            raise CannotTell(self.told(expected))

    def must_be_valid(self, now: datetime, days: float = 0) -> None:
        """The certificate is valid at ``now`` and for so many days more."""
        mine = self.certificate
        self.must(
            mine.begins <= now,
            f"a certificate that is valid already; this one begins {mine.begins:%Y-%m-%d %H:%M} UTC",
        )
        wanted = f"that is valid for {days:g} more days" if days else "that has not ended"
        self.must(
            mine.days_left(now) > days,
            f"a certificate {wanted}; this one ends {mine.ends:%Y-%m-%d %H:%M} UTC",
        )

    def must_cover(self, hosts: Sequence[str]) -> None:
        """A client that connects to any of ``hosts``, names and addresses, accepts the certificate."""
        mine = self.certificate
        missing = missing_names(mine, hosts)
        has = ", ".join((*mine.names, *mine.addresses)) or "none"
        self.must(not missing, f"a certificate for {', '.join(missing)} too; this one is for {has}")

    def must_lead_to(
        self, authorities: Sequence[Certificate], what: str, now: datetime, days: float = 0
    ) -> None:
        """It is signed by one of ``authorities``, called ``what``, or by way of others, all of them valid.

        They are at ``now`` and for so many days more.
        """
        problem = chain_problem((self.certificate, *self.chain[1:]), authorities, now, days)
        self.must(not problem, f"a certificate that leads to {what}: {problem}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _vector(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _vector(content, 2)


def _messages(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Alerts and handshake messages, as far as they are whole."""
    handshake = b""
    while len(stream) >= 5 and stream[0] in (_ALERT, _HANDSHAKE) and stream[1] == 3:
        size = int.from_bytes(stream[3:5], "big")
        kind, body, stream = stream[0], stream[5 : 5 + size], stream[5 + size :]
        if kind == _ALERT:
            if len(body) == 2:
                yield _ALERT, body
            continue
        handshake += body
        while len(handshake) >= 4:
            length = int.from_bytes(handshake[1:4], "big")
            if len(handshake) < 4 + length:
                break
            yield handshake[0], handshake[4 : 4 + length]
            handshake = handshake[4 + length :]


def _suite(hello: bytes) -> str:
    session = hello[34] if len(hello) > 34 else 0
    number = int.from_bytes(hello[35 + session : 37 + session], "big")
    return NAMES.get(number, f"suite 0x{number:04X}")


def _chain(body: bytes) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    rest = body[3:]
    while len(rest) > 3:
        size = int.from_bytes(rest[:3], "big")
        try:
            found.append(Certificate.from_der(rest[3 : 3 + size]))
        except ValueError:
            break
        rest = rest[3 + size :]
    return tuple(found)
