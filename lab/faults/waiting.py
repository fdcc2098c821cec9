"""Waiting for the lab to follow a change."""

import time
from collections.abc import Callable

from lab.errors import LabError

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 120.0  # a loaded machine is slow, not broken


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until ``holds``; LabError says ``what`` did not come about."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise LabError(f"Waited {seconds:.0f} s in vain until {what}.")
        time.sleep(POLL_SECONDS)  # the API and the nodes' kernels are asked again; neither calls back
