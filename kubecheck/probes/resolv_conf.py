"""What a pod's /etc/resolv.conf says: the file that its kubelet wrote for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubecheck.probes.question import Answer, Question, Raw


@dataclass(frozen=True)
class ReadResolvConf(Question):
    """The resolv.conf of the pod that asks."""

    @property
    def key(self) -> str:
        """``/etc/resolv.conf``."""
        return "/etc/resolv.conf"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - a local file
        """The whole file."""
        return "cat /etc/resolv.conf"

    def read(self, raw: Raw, origin: str) -> ResolvConfAnswer:
        """The answer in ``raw``. A later search line replaces an earlier one. Source: resolv.conf(5)."""
        search = re.findall(r"^(?:search|domain)\s+(.+)$", raw.text, re.MULTILINE)
        ndots = re.findall(r"^options\s.*\bndots:([0-9]{1,9})\b", raw.text, re.MULTILINE)
        return ResolvConfAnswer(
            self, origin, raw,
            nameservers=tuple(re.findall(r"^nameserver\s+(\S+)", raw.text, re.MULTILINE)),
            search=tuple(name.rstrip(".") for name in search[-1].split()) if search else (),
            ndots=int(ndots[-1]) if ndots else 1,
        )  # fmt: skip


@dataclass(frozen=True)
class ResolvConfAnswer(Answer):
    """The file's lines. ``ndots`` is 1 where the file does not say."""

    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    ndots: int

    @property
    def got(self) -> str:
        """What the file says, in one line."""
        if not self.conclusive or self.raw.status:
            return super().got
        nameservers = ", ".join(self.nameservers) or "none"
        return f"nameserver {nameservers}; search {' '.join(self.search) or 'none'}; ndots {self.ndots}"

    def must_ask(self, nameservers: tuple[str, ...]) -> None:
        """These are the nameservers."""
        self.must(set(self.nameservers) == set(nameservers), f"nameserver {', '.join(nameservers)}")

    def must_search(self, domains: tuple[str, ...]) -> None:
        """The search path begins with ``domains``; a node's own domains may follow."""
        self.must(self.search[: len(domains)] == domains, f"search {' '.join(domains)}")

    def must_have_ndots(self, ndots: int) -> None:
        """Names with fewer than ``ndots`` dots go through the search path first."""
        self.must(self.ndots == ndots, f"ndots {ndots}")
