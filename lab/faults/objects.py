"""Changing an API object so that it can be put back as it was."""

import copy
from typing import Any

from lab.errors import LabError
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

ASSIGNED = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")


def read(lab: Lab, path: str) -> dict[str, Any]:
    """An object or a list that must be there."""
    found = lab.api().get(path)
    if found is None:
        raise LabError(f"The API server does not serve {path}.")
    return found


def holds(found: dict[str, Any] | None, condition: str) -> bool:
    """Whether an object is there and one of its conditions is True."""
    conditions = (found or {}).get("status", {}).get("conditions", [])
    return any(one["type"] == condition and one["status"] == "True" for one in conditions)


def keep(lab: Lab, fault: str, path: str) -> dict[str, Any]:
    """Remember an object before ``fault`` changes it; the object as it was."""
    ledger = Ledger.of(lab)
    if path not in ledger.kept(fault):
        ledger.keep(fault, path, read(lab, path))
    found: dict[str, Any] = ledger.kept(fault)[path]
    return found


def restore(lab: Lab, fault: str, path: str) -> None:
    """Make an object again what it was when ``fault`` kept it, deleted or changed; else leave it alone."""
    kept = Ledger.of(lab).kept(fault).get(path)
    if kept is None:
        return
    wanted = copy.deepcopy(kept)
    wanted.pop("status", None)
    for field in ASSIGNED:
        wanted["metadata"].pop(field, None)
    api = lab.api()
    until(api.ready, "the API server is ready")
    current = api.get(path)
    if current is None:
        api.create(path.rpartition("/")[0], wanted)
        return
    # Without a resourceVersion the object is replaced whoever has changed it meanwhile.
    wanted["metadata"]["uid"] = current["metadata"]["uid"]
    api.replace(path, wanted)
