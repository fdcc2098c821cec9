"""What a joining machine is told: ConfigMap cluster-info, and the bootstrap tokens that vouch for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kubecheck.cluster.api import Api
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.policy import Policy

SIGNATURE = "jws-kubeconfig-"


@dataclass(frozen=True)
class ClusterInfo:
    """ConfigMap kube-public/cluster-info. ``signatures`` are the ids of the tokens that it is signed with.

    ``server`` is the API server's address in it, as a URL.
    """

    server: str
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class SigningToken:
    """A bootstrap token, by its public half: whether it may sign, and when it ends, empty for never."""

    id: str
    signs: bool
    ends: str


def read_cluster_info(api: Api) -> ClusterInfo:
    """The ConfigMap, which everybody may read. Raises ApiError."""
    data = api.get("/api/v1/namespaces/kube-public/configmaps/cluster-info").get("data") or {}
    server = re.search(r"^\s*server:\s*(\S+)", data.get("kubeconfig", ""), re.MULTILINE)
    signatures = sorted(key.removeprefix(SIGNATURE) for key in data if key.startswith(SIGNATURE))
    return ClusterInfo(server[1].strip("\"'") if server else "", tuple(signatures))


def front(policy: Policy, info: Reading[ClusterInfo]) -> tuple[str, int]:
    """Host and port in front of the API servers: policy's, or the ones that joining machines are told.

    Raises NotApplicable where neither names them, CannotTell where they are not known.
    """
    if policy.control_plane.vip:
        host, _, port = policy.control_plane.vip.rpartition(":")
        return host.strip("[]"), int(port)
    if info.absent:
        raise NotApplicable(
            "policy names no VIP (control_plane.vip), and there is no kube-public/cluster-info"
        )
    url = urlsplit(info.value.server)
    if not url.hostname:
        raise CannotTell("ConfigMap kube-public/cluster-info holds no server address")
    return url.hostname, url.port or 443


def leads_to(server: str, host: str, port: int) -> bool:
    """Whether ``server``, an API server's address as a URL, is this host and port."""
    url = urlsplit(server)
    return (url.hostname, url.port or 443) == (host.lower(), port)


def read_tokens(api: Api) -> tuple[SigningToken, ...]:
    """All bootstrap tokens, without their secrets. Raises ApiError."""
    items = api.items(
        "/api/v1/namespaces/kube-system/secrets", fieldSelector="type=bootstrap.kubernetes.io/token"
    )
    return tuple(_token(item.get("data") or {}) for item in items)


def _token(data: dict[str, Any]) -> SigningToken:
    def field(name: str) -> str:
        return base64.b64decode(data.get(name) or "").decode("utf-8", "replace")

    return SigningToken(field("token-id"), field("usage-bootstrap-signing") == "true", field("expiration"))
