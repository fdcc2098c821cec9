"""All faults there are, a module each."""

import importlib
import pkgutil
from functools import cache

from lab.errors import LabError
from lab.faults.fault import Fault


@cache
def faults() -> dict[str, Fault]:
    """Every fault by its name, in the order of the names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{module}").FAULT for module in modules]
    return {fault.name: fault for fault in found}


def fault_named(name: str) -> Fault:
    """One of them; LabError for a name that none has."""
    if name not in faults():
        raise LabError(f"There is no fault {name!r}; `python -m lab fault list` shows them all.")
    return faults()[name]
