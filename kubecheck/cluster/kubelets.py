"""Kubelets' configurations compared: with what is demanded, and with each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubecheck.cluster.parse import quantity

Config = Mapping[str, Any]

# A node's own by nature: its addresses, names, files and hardware.
PER_NODE = frozenset({
    "address", "healthzBindAddress", "podCIDR", "providerID", "registerWithTaints", "reservedSystemCPUs",
    "staticPodPath", "staticPodURL", "staticPodURLHeader", "tlsCertFile", "tlsPrivateKeyFile",
    "containerRuntimeEndpoint", "imageServiceEndpoint", "volumePluginDir",
    "cgroupRoot", "kubeletCgroups", "systemCgroups",
})  # fmt: skip

MISSPELT = "rotateServerCertificates"
MISSPELT_EXPLAINED = (
    f"KubeletConfiguration has no field {MISSPELT} in any version: a kubelet ignores it or refuses the"
    " file; the field is serverTLSBootstrap, the flag --rotate-server-certificates"
)

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def deviations(config: Config, expected: Config, above: str = "") -> list[str]:
    """Where ``config`` is not as ``expected``: a sentence for each field.

    Only the fields that ``expected`` names are compared. A field that configz leaves out has its
    empty value: that is how the kubelet's JSON is written.
    """
    found = []
    for field, wanted in expected.items():
        path = f"{above}{field}"
        has = config.get(field)
        if isinstance(wanted, Mapping):
            found += deviations(has if isinstance(has, Mapping) else {}, wanted, f"{path}.")
        elif not same(has, wanted):
            hint = f" ({MISSPELT_EXPLAINED})" if field == MISSPELT else ""
            found.append(f"{path} is {shown(has)}, expected is {shown(wanted)}{hint}")
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: 1Gi is 1024Mi, 1m is 60s, lists in any order, nothing is empty."""
    if not one or not other:
        return not one and not other
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(json.dumps, one)) == sorted(map(json.dumps, other))
    if isinstance(one, str) and isinstance(other, str):
        return one == other or any(
            (read(one) is not None and read(one) == read(other)) for read in (_seconds, _number)
        )
    return bool(one == other)


def same_size(one: str, other: str) -> bool:
    """Whether two sizes are the same: dockerd writes 300m for what Kubernetes writes as 300Mi."""
    docker = re.fullmatch(r"(\d+)([kmg])b?", one.strip().lower())
    return same(f"{docker[1]}{docker[2].upper()}i" if docker else one, other)


def shown(value: Any) -> str:
    """A value as JSON, shortened; a field that is left out is not set."""
    return "not set" if value is None else _short(json.dumps(value))


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


def _seconds(text: str) -> float | None:
    """A duration as Go writes it; "30m" is one too, and a quantity besides."""
    if not _DURATION.fullmatch(text):
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text)), 9)


def _number(text: str) -> float | None:
    try:
        return round(quantity(text), 9)
    except ValueError:
        return None


@dataclass(frozen=True)
class Drift:
    """A field in which kubelets disagree: ``values`` maps each value to the nodes that have it."""

    field: str
    values: dict[str, tuple[str, ...]]

    @property
    def blamed(self) -> frozenset[str]:
        """The nodes that are not of the majority; all of them where there is none."""
        groups = sorted(self.values.values(), key=len, reverse=True)
        if len(groups[0]) == len(groups[1]):
            return frozenset(node for group in groups for node in group)
        return frozenset(node for group in groups[1:] for node in group)

    def told(self, node: str) -> str:
        """The value on ``node``, and the others' values: ``maxPods is 50, on 4 others 110``."""
        groups = sorted(self.values.items(), key=lambda each: -len(each[1]))
        own = next(_short(value) for value, nodes in groups if node in nodes)
        others = [(value, nodes) for value, nodes in groups if node not in nodes]
        return f"{self.field} is {own}, on " + ", on ".join(
            f"{len(nodes)} others {_short(value)}"
            if len(nodes) > 3
            else f"{', '.join(nodes)} {_short(value)}"
            for value, nodes in others
        )


def drift(configs: Mapping[str, Config], may_differ: Iterable[str]) -> list[Drift]:
    """The fields in which the kubelets of these nodes disagree; ``may_differ`` are whole top-level fields."""
    ignored = PER_NODE | set(may_differ)
    leaves = {
        node: dict(_leaves({field: value for field, value in config.items() if field not in ignored}))
        for node, config in configs.items()
    }
    found = []
    for field in sorted(set().union(*leaves.values())):
        values: dict[str, list[str]] = {}
        for node, config in leaves.items():
            values.setdefault(config.get(field, "not set"), []).append(node)
        if len(values) > 1:
            found.append(Drift(field, {value: tuple(nodes) for value, nodes in values.items()}))
    return found


def _leaves(config: Config, above: str = "") -> Iterator[tuple[str, str]]:
    for field, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{field}.")
        else:
            yield f"{above}{field}", json.dumps(value)
