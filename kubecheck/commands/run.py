"""Running the checks: pytest, with the installed checks and none of the settings around here."""

from __future__ import annotations

import os
from collections.abc import Sequence


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
                # Nothing is written into the installed package.
                "-p",
                "no:cacheprovider",
                *arguments,
                str(suites()),
            ]
        )
    )
