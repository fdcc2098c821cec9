"""PriorityClasses: which pods give way to which.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubecheck.cluster.api import Api


@dataclass(frozen=True)
class PriorityClass:
    """A PriorityClass. ``preempts`` says that its pods may displace others, where there is no room for them.

    ``default`` is its globalDefault: it is the class of pods that name none.
    """

    name: str
    value: int
    default: bool
    preempts: bool


def read_priority_classes(api: Api) -> tuple[PriorityClass, ...]:
    """All of them. Raises ApiError."""
    return tuple(
        PriorityClass(
            name=item["metadata"]["name"],
            value=item["value"],
            default=bool(item.get("globalDefault")),
            preempts=item.get("preemptionPolicy") != "Never",
        )
        for item in api.items("/apis/scheduling.k8s.io/v1/priorityclasses")
    )


def class_of(name: str, classes: Iterable[PriorityClass]) -> PriorityClass | None:
    """The class of pods that name ``name``, which may be empty. None: there is no such class, or no default.

    Of several defaults the lowest one holds, as the API server's admission has it.
    """
    fitting = [each for each in classes if (each.name == name if name else each.default)]
    return min(fitting, key=lambda each: each.value, default=None)
