"""Loss: how many of many small packets to a host, and back, do not arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.ping import PingAnswer
from kubecheck.probes.question import Question, Raw

COUNT = 30  # with three in ten lost, that all arrive happens once in 44,000 times


@dataclass(frozen=True)
class CountLost(Question):
    """Echo requests to ``host``, each sent as soon as the last was answered, or a second after it."""

    host: str

    @property
    def key(self) -> str:
        """``ping HOST, N times``."""
        return f"ping {self.host}, {COUNT} times"

    def shell(self, seconds: int) -> str:
        """Where none is lost it takes milliseconds; each that is costs a second, so it may end before N."""
        return f"ping -q -A -c {COUNT} -w {seconds} -W 1 {quote(self.host)}"

    def read(self, raw: Raw, origin: str) -> LossAnswer:
        """The answer in ``raw``."""
        counted = re.search(r"\b([0-9]{1,9}) packets transmitted, ([0-9]{1,9}) packets received", raw.text)
        sent, received = (int(counted[1]), int(counted[2])) if counted else (0, 0)
        return LossAnswer(self, origin, raw, sent, received)


@dataclass(frozen=True)
class LossAnswer(PingAnswer):
    """How many were sent, and how many answers came; none of both where ping did not say."""

    sent: int
    received: int

    @property
    def supported(self) -> bool:
        """False for a busybox that cannot send as fast as answers come."""
        return "invalid option" not in self.raw.text

    @property
    def conclusive(self) -> bool:
        """Nothing is learnt without counts, or where the asking node was too slow to count."""
        return self.sent > 0 and not self.raw.starved and super().conclusive

    @property
    def may_change(self) -> bool:
        """A busybox that cannot count will not learn it."""
        return self.supported and super().may_change

    @property
    def got(self) -> str:
        """What was lost."""
        return f"{self.sent - self.received} of {self.sent} lost" if self.sent else super().got

    def must_lose_at_most(self, percent: float) -> None:
        """No more than ``percent`` of them were lost."""
        lost = 100 * (self.sent - self.received) / max(self.sent, 1)
        self.must(lost <= percent, f"at most {percent:g} % lost")
