"""Running the checks: pytest, with the installed checks and none of the settings around here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from kubecheck.environment import Environment
from kubecheck.options import declare_reports


def main(arguments: Sequence[str]) -> int:
    """Run the checks with pytest's own options and kubecheck's. Returns the run's exit code."""
    import pytest

    from kubecheck.checks.catalogue import suites

    return int(
        pytest.main(
            [
                "-p",
                "kubecheck.plugin",
                # The pytest settings of a project in this folder are none of ours, nor is a conftest.py above
                # the environment that kubecheck is installed in.
                "-c",
                os.devnull,
                "--confcutdir",
                str(suites()),
                "--rootdir",
                str(suites().parent),
                # By path and not by name: tests/dns must not become the module dns, which is dnspython's.
                "--import-mode=importlib",
                # pytest would rewrite the assertions of this package too, which is running already.
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                # What failed last time, for --lf, is kept with the reports and not in the installed package.
                # That nothing can be written there is told of the reports.
                "-o",
                f"cache_dir={_reports(arguments) / '.pytest_cache'}",
                "-W",
                "ignore::pytest.PytestCacheWarning",
                # Before what was typed: an option whose value is missing must not take it.
                str(suites()),
                *arguments,
            ]
        )
    )


def _reports(arguments: Sequence[str]) -> Path:
    """The folder of the reports: pytest must be told of its cache before it has read the options."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    # Where the folder's name is missing, it is pytest that says so.
    declare_reports(Environment(partial(parser.add_argument, nargs="?"), sys.exit))
    return Path(parser.parse_known_args(arguments)[0].reports or "").absolute()
