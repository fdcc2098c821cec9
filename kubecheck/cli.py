"""The ``kubecheck`` command: pytest with the installed checks, and what needs no cluster."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

WIDE = 140  # columns


def main() -> int:
    """Run the checks, or one of the commands that need no cluster. Returns the exit code."""
    commands = {"runbook": _runbook, "policy": _policy}
    if sys.argv[1:2] and sys.argv[1] in commands:
        return commands[sys.argv[1]](sys.argv[2:])
    return _check(sys.argv[1:])


def suites() -> Path:
    """The folder of the checks: inside the installed package, or in the checkout beside it."""
    package = Path(__file__).parent
    installed = package / "suites"
    return installed if installed.is_dir() else package.parent / "tests"


def _check(arguments: list[str]) -> int:
    import pytest

    return int(
        pytest.main(
            [
                "-p",
                "kubecheck.plugin",
                # The pytest settings of a project in this folder are none of ours.
                "-c",
                os.devnull,
                "--rootdir",
                str(suites().parent),
                # By path and not by name: tests/dns must not become the module dns, which is dnspython's.
                "--import-mode=importlib",
                # pytest would rewrite the assertions of this package too, which is running already.
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                # Nothing is written into the installed package.
                "-p",
                "no:cacheprovider",
                *arguments,
                str(suites()),
            ]
        )
    )


def _runbook(arguments: list[str]) -> int:
    from rich.console import Console
    from rich.table import Table

    from kubecheck.checks.catalogue import load_checks
    from kubecheck.report.runbook import table

    parser = argparse.ArgumentParser(
        prog="kubecheck runbook",
        description="The runbook's lines, the checks that stand for each, and their outcome in the last run.",
    )
    parser.add_argument(
        "--reports", default="reports", metavar="DIR", help="folder of the last run's reports"
    )
    folder = Path(parser.parse_args(arguments).reports)
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        verdict = None
    except (OSError, ValueError) as problem:
        print(f"kubecheck: {folder}/verdict.json cannot be read: {problem}", file=sys.stderr)
        return 2
    shown = Table("line", "what must hold", box=None)
    for column in ("check", "last run"):
        shown.add_column(column, no_wrap=True)
    last = ""
    for line, demand, check, outcome in table(load_checks(suites()), verdict):
        shown.add_row(*((line, demand) if line != last else ("", "")), check, outcome)
        last = line
    console = Console(highlight=False)
    # Into a file or a pipe it goes whole; rich takes 80 columns for those.
    if not console.is_terminal:
        console.width = WIDE
    console.print(shown)
    return 0


def _policy(arguments: list[str]) -> int:
    from kubecheck.policy.load import PolicyError, load_policy
    from kubecheck.policy.show import policy_text

    parser = argparse.ArgumentParser(
        prog="kubecheck policy",
        description="Print a policy with every key and its meaning, to begin a policy file with.",
    )
    parser.add_argument("source", nargs="?", help="a policy file or a profile (default: the default profile)")
    try:
        print(policy_text(load_policy(parser.parse_args(arguments).source)), end="")
    except PolicyError as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
