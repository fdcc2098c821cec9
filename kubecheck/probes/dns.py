"""DNS: one query to one server, over UDP or TCP, and the records in its reply."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, Answer, Question, Raw


@dataclass(frozen=True)
class DnsOverUdp(Question):
    """An A query for ``name``, a full name without the trailing dot, to ``server`` over UDP.

    Busybox has no other UDP client than nslookup, so the reply is read from what it prints.
    """

    name: str
    server: str

    @property
    def key(self) -> str:
        """``dns NAME from SERVER over udp``."""
        return f"dns {self.name} of {self.server} over udp"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - nslookup keeps its own time
        """Only A is asked: without -type nslookup asks AAAA too and fails when there is none."""
        return f"nslookup -type=a {quote(self.name)}. {quote(self.server)}"

    def read(self, raw: Raw, origin: str) -> DnsAnswer:
        """The answer in ``raw``."""
        text = raw.output.decode("utf-8", "replace")
        # The part above the first blank line names the server, not the answer.
        _, _, body = text.partition("\n\n")
        found = re.findall(r"^Address(?: \d+)?:\s*([0-9a-fA-F.:]+)", body, re.MULTILINE)
        refusal = re.search(r"server can't find .*?: (\w+)|\*\*\* Can't find .*?: (.+)", text)
        said = (refusal[1] or refusal[2]) if refusal else ""
        return DnsAnswer(self, origin, raw, tuple(found), said, parsed=raw.status == 0)


@dataclass(frozen=True)
class DnsOverTcp(Question):
    """An A query for ``name`` to ``server`` over TCP: the bytes of the wire, there and back."""

    name: str
    server: str

    @property
    def key(self) -> str:
        """``dns NAME of SERVER over tcp``."""
        return f"dns {self.name} of {self.server} over tcp"

    def shell(self, seconds: int) -> str:
        """The query is printed in octal; the server answers once our side is half closed."""
        octal = "".join(f"\\{byte:03o}" for byte in self._wire())
        # nc's own -w limits the connection only, and a limit around the whole line would leave nc running.
        return f"printf '{octal}' | timeout {seconds} nc -w {seconds} {quote(self.server)} 53"

    def read(self, raw: Raw, origin: str) -> DnsAnswer:
        """The answer in ``raw``; a reply that is no DNS message holds no addresses."""
        import dns.exception
        import dns.message
        import dns.rcode
        import dns.rdatatype

        try:
            reply = dns.message.from_wire(raw.output[2:])
        except (dns.exception.DNSException, ValueError):
            return DnsAnswer(self, origin, raw, (), "")
        found = [
            record.to_text()
            for rrset in reply.answer
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
            for record in rrset
        ]
        code = reply.rcode()
        refusal = "" if code == dns.rcode.NOERROR else dns.rcode.to_text(code)
        return DnsAnswer(self, origin, raw, tuple(found), refusal, parsed=True)

    def _wire(self) -> bytes:
        import dns.message

        # A fixed id: the same question is the same bytes, and one connection carries one query.
        query = dns.message.make_query(self.name, "A", id=1).to_wire()
        return len(query).to_bytes(2, "big") + query


@dataclass(frozen=True)
class DnsAnswer(Answer):
    """The addresses in the reply, or the server's refusal (NXDOMAIN, SERVFAIL and so on)."""

    addresses: tuple[str, ...]
    refusal: str
    parsed: bool = False

    @property
    def replied(self) -> bool:
        """True when a DNS server answered, whatever it said."""
        return bool(self.addresses or self.refusal or self.parsed)

    @property
    def got(self) -> str:
        """The addresses, the refusal, or what happened instead."""
        if self.addresses:
            return ", ".join(self.addresses)
        if self.refusal:
            return self.refusal
        if self.parsed:
            return "a reply without an address"
        if self.raw.status in KILLED or not self.raw.output or "timed out" in self.raw.text:
            return "no reply"
        told = re.search(r"can't connect to remote host.*?: (.+)", self.raw.text)
        return told[1].strip().lower() if told else super().got

    def must_be(self, *addresses: str) -> None:
        """The reply holds exactly these addresses."""
        self.must(set(self.addresses) == set(addresses), " and ".join(addresses))
