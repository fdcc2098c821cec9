"""Markdown as GitHub reads it, out of plain sentences and of steps that hold commands."""

from __future__ import annotations

import re

from kubecheck.report.steps import step as parted

_MORE = re.compile("[,;]? (?:and|or) ")  # before a second command
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
    parts = parted(text)
    if not parts.command:
        return escaped(text)
    more = _MORE.match(parts.after)
    joined, rest = (more[0], parts.after[more.end() :]) if more else ("", parts.after)
    return escaped(parts.before) + code(parts.command) + escaped(joined) + step(rest)
