"""The ``kubecheck`` command: pytest with the checks that were installed with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Run the installed checks against a cluster; every option is one of pytest's or of the plugin's."""
    import pytest

    arguments = [
        "-p",
        "kubecheck.plugin",
        # The pytest settings of a project in this folder are none of ours.
        "-c",
        os.devnull,
        "--rootdir",
        str(suites().parent),
        # By path and not by name: tests/dns must not become the module dns, which is dnspython's.
        "--import-mode=importlib",
        *sys.argv[1:],
        str(suites()),
    ]
    return int(pytest.main(arguments))


def suites() -> Path:
    """The folder of the checks: inside the installed package, or in the checkout beside it."""
    package = Path(__file__).parent
    installed = package / "suites"
    return installed if installed.is_dir() else package.parent / "tests"


if __name__ == "__main__":
    sys.exit(main())
