"""The ``kubecheck`` command: the checks of a cluster, and commands that need none."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

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
    if first and not _of_pytest(first):
        return _unknown(first)
    return _command("run", sys.argv[1:])


def _of_pytest(word: str) -> bool:
    """Whether it is an option, a file of arguments or a path to tests, such as ``a.py::test_b``."""
    return word.startswith(("-", "@")) or Path(word.partition("::")[0]).exists()


def _unknown(word: str) -> int:
    near = get_close_matches(word, SUMMARIES)
    meant = f"did you mean {' or '.join(near)}?" if near else "kubecheck --help lists the commands"
    print(f"kubecheck: {word!r} is neither a command nor a path to tests: {meant}", file=sys.stderr)
    return 4  # as pytest for what it cannot make out


def _command(name: str, arguments: list[str]) -> int:
    # Imported now and not above: a command starts fast when it does not load what others need.
    module = import_module(f"kubecheck.commands.{name}")
    try:
        code: int = module.main(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has read enough, as `| head` has. Python's last flush must not meet the pipe again:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13  # as a shell tells an end by SIGPIPE
    return code


if __name__ == "__main__":
    sys.exit(main())
