"""What a joining machine is told: ConfigMap cluster-info, and the bootstrap tokens that vouch for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kubecheck.cluster.api import Api
from kubecheck.cluster.bootstrap import BootstrapToken
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


def signing(tokens: Reading[tuple[BootstrapToken, ...]]) -> Reading[tuple[SigningToken, ...]]:
    """The same tokens, as the bootstrapsigner and the tokencleaner see them."""
    if tokens.found is None:
        return Reading(problem=tokens.problem, absent=tokens.absent)
    return Reading(tuple(SigningToken(each.id, each.signs, each.ends) for each in tokens.found))
