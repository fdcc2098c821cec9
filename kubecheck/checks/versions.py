"""Versions of Kubernetes' components, as they tell them."""

from __future__ import annotations

import re

from kubecheck.outcomes import CannotTell


def minor(version: str) -> int:
    """The minor version in ``v1.37.2``. Raises CannotTell for what is no version."""
    found = re.match(r"v?[0-9]+\.([0-9]{1,4})(?![0-9])", version)
    if found is None:
        raise CannotTell(f"{version[:100]!r} is no version of Kubernetes")
    return int(found[1])
