"""Load balancing: which servers behind one address answer."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.identity import Identity
from kubecheck.probes.question import Answer, Question, Raw, address

LANES = 10  # requests under way at once
SAID = 2**18  # bytes of all answers together that are looked at
BY_CHANCE = 1e-6  # how seldom a healthy server may go unseen


def requests_to_see(servers: int) -> int:
    """So many requests that each of ``servers`` chosen at random is seen, but for one time in a million.

    That a given one is missed by n requests has the probability (1 - 1/servers)^n; for all of
    them together it is at most ``servers`` times that. A multiple of the lanes.
    """
    if servers < 2:
        return LANES
    needed = math.log(servers / BY_CHANCE) / math.log(servers / (servers - 1))
    return math.ceil(needed / LANES) * LANES


@dataclass(frozen=True)
class Spread(Question):
    """Requests to ``http://host:port/``, each on its own connection, until all ``servers`` are seen.

    The Service behind the address is one that this run has just created, so it settles.
    """

    host: str
    port: int
    servers: int
    settles: bool = True

    @property
    def requests(self) -> int:
        """How many requests are made."""
        return requests_to_see(self.servers)

    @property
    def key(self) -> str:
        """``GET http://HOST:PORT/ N times``."""
        return f"GET http://{address(self.host, self.port)}/ {self.requests} times"

    def shell(self, seconds: int) -> str:
        """A wget takes several addresses, opens a connection for each, and ends at the first failure."""
        url = quote(f"http://{address(self.host, self.port)}/")
        lane = f"timeout {seconds} wget -Y off -q -O - {' '.join([url] * (self.requests // LANES))}"
        return (
            f"said=$({{ for lane in $(seq {LANES}); do {lane} 2>&1 & done; wait; }} | head -c {SAID});"
            ' echo "$said" | sort | uniq -c; pods=$(echo "$said" | grep -o " pod=[^ ]*");'
            f' [ "$(echo "$pods" | wc -l)" -eq {self.requests} ] &&'
            f' [ "$(echo "$pods" | sort -u | wc -l)" -ge {self.servers} ]'
        )

    def read(self, raw: Raw, origin: str) -> SpreadAnswer:
        """The answer in ``raw``."""
        seen: Counter[str] = Counter()
        trouble: Counter[str] = Counter()
        for line in raw.text.splitlines():
            counted = re.fullmatch(r"\s*([0-9]{1,9}) (.*)", line)
            if not counted:
                continue
            identity = Identity.read(counted[2])
            if identity:
                seen[f"{identity.namespace}/{identity.pod}"] += int(counted[1])
            else:
                trouble[counted[2].strip()] += int(counted[1])
        return SpreadAnswer(self, origin, raw, dict(sorted(seen.items())), dict(trouble))


@dataclass(frozen=True)
class SpreadAnswer(Answer):
    """How often each pod, as ``namespace/name``, answered, and what was said instead of answers."""

    seen: dict[str, int]
    trouble: dict[str, int]

    @property
    def conclusive(self) -> bool:
        """Any answer of a pod shows that the tools work, unless the time ran out for want of CPU."""
        return not self.raw.starved and (bool(self.seen) or super().conclusive)

    @property
    def got(self) -> str:
        """The pods that answered and how often."""
        answered = ", ".join(f"{pod} {times} times" for pod, times in self.seen.items()) or "no answer at all"
        told = [said for said in self.trouble if said and said != "Terminated"]
        return f"{answered}; {'; '.join(told)[:200]}" if told else answered

    def must_be_all_of(self, servers: dict[str, str]) -> None:
        """Each pod in ``servers`` (``namespace/name`` to where it is) answered, and every request was."""
        question = self.question
        assert isinstance(question, Spread)
        silent = [f"{pod} ({where})" for pod, where in servers.items() if pod not in self.seen]
        strangers = sorted(self.seen.keys() - servers.keys())
        expected = f"answers of all {len(servers)} endpoints"
        if silent:
            expected += f", and never came one of {', '.join(silent)}"
        self.must(not silent, expected)
        self.must(not strangers, f"answers of its endpoints only, and {', '.join(strangers)} is none")
        answered = sum(self.seen.values())
        self.must(
            answered == question.requests,
            f"an answer to each of {question.requests} requests, and {answered} came",
        )
