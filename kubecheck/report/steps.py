"""A remedy's step in parts: where, the command that can be copied, and what to do with what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Programs that steps begin a command with; a step without any of them is prose.
PROGRAMS = (
    "cat chronyc conntrack containerd crictl ctr curl date df echo etcdctl findmnt grep iostat ip iptables"
    " iptables-save journalctl kubeadm kubectl mkdir nc nft nslookup openssl ping printf rm ss sysctl"
    " systemctl tcpdump timedatectl tr"
).replace(" ", "|")
# How prose goes on behind a command. No command has a comma or a colon before a space.
_AFTER = (
    r"[,:] .*"
    r"|;? (?:and|or|look|see|shows) [a-z].*"
    r"|; (?:an|delete|if|on|once|put|replace|scale|without) .*"
    r"| with each .*"
    r"| \(\w.*"
)
_STEP = re.compile(
    rf"(?P<before>(?:(?!(?:{PROGRAMS}) )[^`]*?(?:: |; or |, or ))?)"
    rf"(?P<command>(?:{PROGRAMS})(?=[ ;]).*?)(?P<after>{_AFTER}|)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """``before`` and ``after`` are prose, ``command`` is for a shell; each may be empty."""

    before: str
    command: str
    after: str


def step(text: str) -> Step:
    """``text`` in parts, which put together give it again."""
    found = _STEP.fullmatch(text)
    return Step(found["before"], found["command"], found["after"]) if found else Step(text, "", "")
