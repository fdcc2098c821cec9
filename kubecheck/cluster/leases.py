"""Leases: who leads, which API servers there are, and which kubelets report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubecheck.cluster.api import Api
from kubecheck.outcomes import CannotTell

API_SERVER = "kube-apiserver"
CLOCK_MARGIN = 5.0  # seconds between two clocks; that clocks agree is another check
SERVER_SILENT = 60.0  # seconds; an API server renews its own Lease every 10


@dataclass(frozen=True)
class Lease:
    """A Lease. ``seconds`` is how long it lasts without being renewed, ``renewed`` an RFC 3339 time.

    ``identity`` is "kube-apiserver" for the lease by which an API server tells that it is there, and
    ``host`` the name of that API server's machine.
    """

    name: str
    holder: str
    seconds: int
    renewed: str
    identity: str = ""
    host: str = ""


@dataclass(frozen=True)
class Leases:
    """The leases of the control plane and of the nodes, and the API server's time when they were read."""

    read_at: str
    system: dict[str, Lease]
    nodes: dict[str, Lease]

    def age(self, lease: Lease) -> float:
        """Seconds since ``lease`` was renewed, as its holder's clock tells. Raises CannotTell."""
        if not lease.renewed:
            raise CannotTell(f"Lease {lease.name} says nothing about when it was renewed")
        return (datetime.fromisoformat(self.read_at) - datetime.fromisoformat(lease.renewed)).total_seconds()

    @property
    def api_servers(self) -> dict[str, Lease]:
        """The API servers' own leases, by the name of the machine; API servers before 1.26 have none."""
        found = [lease for lease in self.system.values() if lease.identity == API_SERVER]
        return {lease.host or lease.name: lease for lease in found}


def read_leases(api: Api) -> Leases:
    """Both namespaces' leases. Raises ApiError."""
    path = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
    system = [_lease(item) for item in api.items(path.format("kube-system"))]
    nodes = [_lease(item) for item in api.items(path.format("kube-node-lease"))]
    # The clock comes last, so that no lease looks younger than it is.
    return Leases(
        api.clock(), {lease.name: lease for lease in system}, {lease.name: lease for lease in nodes}
    )


def _lease(item: dict[str, Any]) -> Lease:
    metadata, spec = item["metadata"], item.get("spec") or {}
    labels = metadata.get("labels") or {}
    return Lease(
        name=metadata["name"],
        holder=spec.get("holderIdentity") or "",
        seconds=spec.get("leaseDurationSeconds") or 0,
        renewed=spec.get("renewTime") or spec.get("acquireTime") or "",
        identity=labels.get("apiserver.kubernetes.io/identity", labels.get("k8s.io/component", "")),
        host=labels.get("kubernetes.io/hostname", ""),
    )
