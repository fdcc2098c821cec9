"""``kubecheck --help``: the commands and kubecheck's own options, without starting pytest."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from kubecheck import options
from kubecheck.commands import SUMMARIES
from kubecheck.environment import Environment

INTRODUCTION = """\
usage: kubecheck [OPTIONS]
       kubecheck COMMAND ...

The acceptance test for a Kubernetes cluster: one command, one verdict. Without a
command it checks the cluster of the current kubeconfig."""
OF_PYTEST = (
    ("-k EXPRESSION", "only the checks that it fits: -k dns, -k 'network and not node_port'"),
    ("-n NUMBER", "in so many processes, which share the nodes"),
    ("-q, -v", "say less, say more"),
    ("-x", "stop at the first failure"),
    ("--collect-only", "list the checks"),
)
VERDICTS = (
    ("0", "READY: everything that was checked holds"),
    ("1", "NOT READY: something is wrong"),
    ("10", "UNDECIDED: nothing failed, and something could not be told"),
    ("11", "NO VERDICT: the cluster could not be reached, or the run could not begin"),
)
INDENT = 22  # columns before the words
WIDEST = 100


class _Options:
    """Hears of kubecheck's own options."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, name: str, *, metavar: str = "", help: str = "", **_other: Any) -> None:  # noqa: A002
        """Keep what the help tells of an option."""
        self.found.append((f"{name} {metavar}".strip(), help))


def main(_arguments: Sequence[str]) -> int:
    """Print the help."""
    ours = _Options()
    options.declare(Environment(ours.add, sys.exit))
    print(INTRODUCTION)
    for title, rows in (
        ("commands (kubecheck COMMAND --help tells more)", SUMMARIES.items()),
        ("options (each also as a variable: KUBECHECK_REPORTS for --reports)", ours.found),
        ("options of pytest, of which all are taken (pytest --help)", OF_PYTEST),
        ("exit codes", VERDICTS),
    ):
        print(f"\n{title}:")
        print("\n".join(_lines(rows, min(WIDEST, shutil.get_terminal_size().columns))))
    return 0


def _lines(rows: Iterable[tuple[str, str]], columns: int) -> Iterable[str]:
    for name, words in rows:
        wrapped = textwrap.wrap(words, max(columns - INDENT, 30)) or [""]
        beside = len(name) + 4 <= INDENT
        yield f"  {name:<{INDENT - 2}}{wrapped[0]}" if beside else f"  {name}"
        yield from (" " * INDENT + line for line in wrapped[beside:])
