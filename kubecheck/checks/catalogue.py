"""All checks of a folder, without pytest and without a cluster."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import kubecheck
from kubecheck.checks.check import Check, declared


def suites() -> Path:
    """The folder of the checks: inside the installed package, or in the checkout beside it."""
    package = Path(kubecheck.__file__).parent
    installed = package / "suites"
    return installed if installed.is_dir() else package.parent / "tests"


def load_checks(suites: Path) -> list[Check]:
    """The checks below ``suites``, whose folders are areas, in the order of their ids."""
    found: dict[str, Check] = {}
    for path in sorted(suites.glob("*/test_*.py")):
        # A name of their own: tests/dns must not become the module dns, which is dnspython's.
        spec = importlib.util.spec_from_file_location(
            f"kubecheck_checks.{path.parent.name}.{path.stem}", path
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for value in vars(module).values():
            check = declared(value)
            if check is not None:
                found[check.id] = check
    return [found[key] for key in sorted(found)]
