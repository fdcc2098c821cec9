"""ICMP: does a host answer an echo request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import Answer, Question, Raw

PINGS = 3  # one that is lost is no finding


@dataclass(frozen=True)
class Ping(Question):
    """Echo requests to ``host`` until one is answered, three at most."""

    host: str

    @property
    def key(self) -> str:
        """``ping HOST``."""
        return f"ping {self.host}"

    def shell(self, seconds: int) -> str:
        """One request a call: -c 3 takes two seconds, and fractions for -i are not in every busybox."""
        patience = max(1, seconds // PINGS)
        once = f"ping -q -c 1 -W {patience} {quote(self.host)}"
        return f"{once} || {once} || {once}"

    def read(self, raw: Raw, origin: str) -> PingAnswer:
        """The answer in ``raw``."""
        return PingAnswer(self, origin, raw)


@dataclass(frozen=True)
class PingAnswer(Answer):
    """An echo, or none."""

    @property
    def permitted(self) -> bool:
        """False when this pod may not ping: neither a raw socket nor ping_group_range lets it."""
        return not re.search(r"are you root|raw socket", self.raw.text)

    @property
    def said(self) -> str:
        """The kernel's word for what happened; empty where it said nothing."""
        found = re.search(r"ping: (?:sendto: )?(.+)", self.raw.text)
        return found[1] if found else ""

    @property
    def conclusive(self) -> bool:
        """Nothing is learnt where this pod may not ping, nor from silence where it had no time to listen."""
        unheard = self.raw.starved and not self.said
        return self.permitted and not unheard and super().conclusive

    @property
    def may_change(self) -> bool:
        """What this pod may do stays as it is."""
        return self.permitted and super().may_change

    @property
    def replied(self) -> bool:
        """Whether an echo came back."""
        return self.raw.status == 0

    @property
    def got(self) -> str:
        """Whether a reply came, or the kernel's word for what happened."""
        if self.replied:
            return "a reply"
        if not super().conclusive:
            return super().got
        return self.said or f"no reply to {PINGS} echo requests"

    def must_reply(self) -> None:
        """An echo came back."""
        self.must(self.replied, "an ICMP echo reply")
