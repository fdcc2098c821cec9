"""DNS: one query to one server, over UDP or TCP, and the records in its reply."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from kubecheck.probes.question import KILLED, Answer, Question, Raw, address, not_connected

if TYPE_CHECKING:
    from dns.message import Message

PORT = 53
SHOWN = 8  # of so many records the message tells all; of more it tells how many there are


@dataclass(frozen=True)
class DnsOverUdp(Question):
    """A query for ``name``, a full name without the trailing dot, to ``server`` over UDP.

    ``rdtype`` is A, AAAA, CNAME, PTR or SRV. Busybox has no other UDP client that reads a reply
    than nslookup, so the reply is read from what it prints. It takes 512 bytes and does not turn to TCP.
    """

    single = True

    name: str
    server: str
    rdtype: str = "A"
    port: int = PORT
    settles: bool = False

    @property
    def key(self) -> str:
        """``dns TYPE NAME of SERVER over udp``."""
        return f"dns {self.rdtype} {self.name} of {_server(self.server, self.port)} over udp"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - a single program is ended in time
        """Only the one type: without -type nslookup asks A and AAAA, and fails when one is missing."""
        server = quote(_server(self.server, self.port))
        return f"nslookup -type={self.rdtype.lower()} {quote(self.name)}. {server}"

    def read(self, raw: Raw, origin: str) -> DnsAnswer:
        """The answer in ``raw``."""
        text = raw.output.decode("utf-8", "replace")
        # The part above the first blank line names the server, not the answer.
        _, _, body = text.partition("\n\n")
        found = re.findall(r"^Address(?: \d+)?:\s*([0-9a-fA-F.:]+)", body, re.MULTILINE)
        names = re.findall(r"\t(?:canonical name|name|service) = (.+)", body)
        refusal = re.search(r"server can't find .*?: (\w+)|\*\*\* Can't find .*?: (.+)", text)
        said = (refusal[1] or refusal[2]) if refusal else ""
        return DnsAnswer(
            self, origin, raw, tuple(found), said, parsed=raw.status == 0, names=tuple(map(_bare, names))
        )


@dataclass(frozen=True)
class DnsOverTcp(Question):
    """A query for ``name`` to ``server`` over TCP: the bytes of the wire, there and back.

    ``rdtype`` is A, AAAA, CNAME, PTR or SRV.
    """

    single = True

    name: str
    server: str
    rdtype: str = "A"
    port: int = PORT

    @property
    def key(self) -> str:
        """``dns TYPE NAME of SERVER over tcp``."""
        return f"dns {self.rdtype} {self.name} of {_server(self.server, self.port)} over tcp"

    def shell(self, seconds: int) -> str:
        """The query is printed in octal; the server answers once our side is half closed."""
        octal = "".join(f"\\{byte:03o}" for byte in self._wire())
        return f"printf '{octal}' | nc -w {seconds} {quote(self.server)} {self.port}"

    def read(self, raw: Raw, origin: str) -> DnsAnswer:
        """The answer in ``raw``; a reply that is no DNS message holds no records."""
        import dns.exception
        import dns.message
        import dns.rcode

        try:
            reply = dns.message.from_wire(raw.output[2:])
        except (dns.exception.DNSException, ValueError):
            return DnsAnswer(self, origin, raw, (), "")
        addresses, names = _records(reply)
        code = reply.rcode()
        refusal = "" if code == dns.rcode.NOERROR else dns.rcode.to_text(code)
        return DnsAnswer(self, origin, raw, addresses, refusal, parsed=True, names=names)

    def _wire(self) -> bytes:
        import dns.message

        # A fixed id: the same question is the same bytes, and one connection carries one query.
        query = dns.message.make_query(self.name, self.rdtype, id=1).to_wire()
        return len(query).to_bytes(2, "big") + query


@dataclass(frozen=True)
class DnsAnswer(Answer):
    """The records in the reply, or the server's refusal (NXDOMAIN, SERVFAIL and so on).

    ``addresses`` are those of A and AAAA records. ``names`` are what CNAME and PTR records point
    to, and SRV records as ``PRIORITY WEIGHT PORT NAME``, without trailing dots.
    """

    addresses: tuple[str, ...]
    refusal: str
    parsed: bool = False
    names: tuple[str, ...] = ()

    @property
    def replied(self) -> bool:
        """True when a DNS server answered, whatever it said."""
        return bool(self.addresses or self.names or self.refusal or self.parsed)

    @property
    def got(self) -> str:
        """The records, the refusal, or what happened instead."""
        records = [*self.names, *self.addresses]
        if records:
            more = f" and {len(records) - SHOWN} more" if len(records) > SHOWN else ""
            return ", ".join(records[:SHOWN]) + more
        if self.refusal:
            return self.refusal
        if self.parsed:
            return "a reply without such a record"
        if self.raw.status in KILLED or not self.raw.output or "timed out" in self.raw.text:
            return "no reply"
        return not_connected(self.raw.text) or super().got

    def must_be(self, *addresses: str) -> None:
        """The reply holds exactly these addresses."""
        self.must(set(self.addresses) == set(addresses), " and ".join(addresses))

    def must_refuse(self, code: str) -> None:
        """The server says ``code``, NXDOMAIN for instance, and gives no record."""
        self.must(self.refusal == code and not self.addresses and not self.names, code)


def record_type(of: str) -> str:
    """The type of the record that holds the address ``of``: A or AAAA."""
    return "AAAA" if ":" in of else "A"


def _server(server: str, port: int) -> str:
    return server if port == PORT else address(server, port)


def _bare(name: str) -> str:
    return name.strip().removesuffix(".")


def _records(reply: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses and the names in a reply's answer."""
    import dns.rdatatype

    addresses: list[str] = []
    names: list[str] = []
    for rrset in reply.answer:
        for record in rrset:
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                addresses.append(record.to_text())
            elif rrset.rdtype in (dns.rdatatype.CNAME, dns.rdatatype.PTR, dns.rdatatype.SRV):
                names.append(_bare(record.to_text()))
    return tuple(addresses), tuple(names)
