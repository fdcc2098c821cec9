"""Markdown as GitHub reads it, out of plain sentences and of steps that hold commands."""

from __future__ import annotations

import re

_PROGRAMS = (
    "cat|chronyc|conntrack|crictl|curl|date|df|docker|echo|etcdctl|findmnt|free|grep|iostat|ip|iptables"
    "|iptables-save|journalctl|kubeadm|kubecheck|kubectl|lsblk|nc|nft|nslookup|openssl|ping|rm|ss|sysctl"
    "|systemctl|timedatectl|tr"
)
_COMMAND = re.compile(rf"(?:{_PROGRAMS})(?:(?: |; )\S|$)|tcpdump -")
# Where a command ends and a sentence goes on.
_ENDS = re.compile(
    r"(, (?:and|or|once|until|but|with|when|so that|to|of|describe) "
    r"|; (?:look|delete|once|scale|then|on) "
    r"|: a |, (?=[a-z]+ctl )| (?=\([a-z0-9][^()$]*\)$))"
)
_URL = re.compile(r"https?://[^\s<>]+[^\s<>.,;:)]")
_SPECIAL = re.compile(r"([\\`*<>\[\]|]|(?<!\w)_|_(?!\w))")


def escaped(text: str) -> str:
    """``text`` as it is, whatever characters it has; addresses of pages become links."""
    parts = []
    rest = 0
    for url in _URL.finditer(text):
        parts += [_SPECIAL.sub(r"\\\1", text[rest : url.start()]), f"<{url[0]}>"]
        rest = url.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\1", text[rest:])])


def code(text: str) -> str:
    """``text`` as code within a line."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def step(text: str) -> str:
    """One step of a remedy: commands in it as code, the words around them as words."""
    return "".join(map(_part, _ENDS.split(text)))


def _part(text: str) -> str:
    """A command, or words with a command after a colon, or words alone."""
    if _COMMAND.match(text):
        return code(text)
    for colon in re.finditer(": ", text):
        if _COMMAND.match(text, colon.end()):
            return escaped(text[: colon.end()]) + code(text[colon.end() :])
    return escaped(text)
