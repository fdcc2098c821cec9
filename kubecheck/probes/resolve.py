"""Name resolution as a program in a pod gets it: its libc, its resolv.conf, its search path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, Answer, Question, Raw


@dataclass(frozen=True)
class Resolve(Question):
    """The address that ``name`` has for a program in the pod; ``port`` is one its Service has.

    Busybox's nslookup does not apply the search path to names with a dot since 1.28, so it says
    nothing about what programs see. wget goes through the libc and prints the address before
    it connects; what becomes of the connection does not matter here.
    """

    name: str
    port: int
    settles: bool = False

    @property
    def key(self) -> str:
        """``resolve NAME``."""
        return f"resolve {self.name}"

    def shell(self, seconds: int) -> str:
        """Succeeds as soon as the name has an address; else the status is wget's, or its time was over."""
        url = quote(f"http://{self.name}:{self.port}/")
        return (
            "sed -n '/^nameserver/p;/^search/p' /etc/resolv.conf;"
            f' said=$(timeout {seconds} wget -Y off -O /dev/null {url} 2>&1); status=$?; echo "$said";'
            ' case "$said" in *"Connecting to "*) ;; *) exit $status;; esac'
        )

    def read(self, raw: Raw, origin: str) -> ResolveAnswer:
        """The answer in ``raw``."""
        text = raw.text
        found = re.search(r"Connecting to \S+ \(\[?([0-9a-fA-F.:]+?)\]?:\d+\)", text)
        return ResolveAnswer(
            self, origin, raw,
            resolved=found[1] if found else "",
            nameservers=tuple(re.findall(r"^nameserver\s+(\S+)", text, re.MULTILINE)),
            search=tuple(" ".join(re.findall(r"^search\s+(.+)$", text, re.MULTILINE)).split()),
        )  # fmt: skip


@dataclass(frozen=True)
class ResolveAnswer(Answer):
    """The address, and the resolv.conf that led to it."""

    resolved: str
    nameservers: tuple[str, ...]
    search: tuple[str, ...]

    @property
    def nonexistent(self) -> bool:
        """Whether the libc was told that there is no such name, rather than nothing in time."""
        return "bad address" in self.raw.text

    @property
    def got(self) -> str:
        """The address and who was asked."""
        if not self.conclusive:
            return super().got
        asked = (
            f"nameserver {', '.join(self.nameservers) or 'none'}, search {' '.join(self.search) or 'none'}"
        )
        nothing = "no answer in time" if self.raw.status in KILLED else "no address"
        return f"{self.resolved or nothing} ({asked})"

    def must_be(self, expected: str, nameserver: str) -> None:
        """The name has the address ``expected``, and ``nameserver`` is the one the pod asks."""
        self.must(self.resolved == expected, expected)
        self.must(nameserver in self.nameservers, f"nameserver {nameserver} in the pod's resolv.conf")
