"""The ``kubecheck`` command: the checks of a cluster, and commands that need none."""

from __future__ import annotations

import sys
from importlib import import_module

from kubecheck import __version__
from kubecheck.commands import SUMMARIES


def main() -> int:
    """Run the checks, or the command that the first argument names. Returns the exit code."""
    first, *others = sys.argv[1:] or [""]
    if first in ("-h", "--help"):
        return _command("usage", [])
    if first == "--version":
        print(f"kubecheck {__version__}")
        return 0
    if first in SUMMARIES:
        return _command(first, others)
    return _command("run", sys.argv[1:])


def _command(name: str, arguments: list[str]) -> int:
    # Imported now and not above: a command starts fast when it does not load what others need.
    code: int = import_module(f"kubecheck.commands.{name}").main(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
