"""All kinds of cause that are known: whatever modules in causes/ declare."""

from __future__ import annotations

import importlib
import pkgutil

from kubecheck.diagnosis import causes
from kubecheck.diagnosis.cause import Kind, kinds_in


def all_kinds() -> list[Kind]:
    """Every kind, in the order of their ids."""
    names = [module.name for module in pkgutil.iter_modules(causes.__path__)]
    modules = [importlib.import_module(f"{causes.__name__}.{name}") for name in sorted(names)]
    return sorted((kind for module in modules for kind in kinds_in(module)), key=lambda kind: kind.id)
