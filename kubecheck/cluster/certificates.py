"""The certificates that the cluster shows without touching a node: public halves only."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from kubecheck.cluster.api import CONNECT_TIMEOUT, Api
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.errors import network_words
from kubecheck.cluster.reading import Reading
from kubecheck.input import parse_json
from kubecheck.probes import Certificate, Raw, TlsHello
from kubecheck.probes.x509 import authority_in_use

ROOT_CA = "kube-root-ca.crt"
YOUNG = 60.0  # seconds in which a new namespace gets its own


@dataclass(frozen=True)
class Served:
    """What a TLS server showed to the machine that kubecheck runs on.

    ``asked`` is the name or address that a client wants to see in the certificate.
    """

    asked: str
    chain: tuple[Certificate, ...]


@dataclass(frozen=True)
class Aggregation:
    """What API servers hand to those who extend them: which client certificates to believe.

    ``clients`` are the CAs of users, ``front_proxies`` those of API servers that pass requests on,
    ``names`` the common names that such a one must have; none for any.
    """

    clients: tuple[Certificate, ...]
    front_proxies: tuple[Certificate, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Certificates:
    """Certificates, each with the reason when it could not be read.

    ``root`` is ConfigMap kube-root-ca.crt of kube-system, which pods use to know API servers.
    ``strays`` are the namespaces where it is missing or another, and how. ``own`` is the client
    certificate of the kubeconfig, absent when that has another kind of credentials or a plugin for them.
    """

    root: Reading[tuple[Certificate, ...]]
    strays: Reading[dict[str, str]]
    aggregation: Reading[Aggregation]
    served: Reading[Served]
    own: Reading[Certificate]

    def authority(self, now: datetime, *issued: Certificate) -> Certificate:
        """The CA in ``root`` whose end counts for what is served and for ``issued``. Raises CannotTell."""
        served = self.served.found
        chains = [served.chain] if served else []
        return authority_in_use(self.root.value, [*chains, *((each,) for each in issued)], now)


def read_certificates(api: Api) -> Certificates:
    """All of them, side by side; what cannot be read says why in its place."""
    with ThreadPoolExecutor(5, thread_name_prefix="certificates") as pool:
        root = pool.submit(attempt, f"ConfigMap kube-system/{ROOT_CA}", lambda: _root(api))
        strays = pool.submit(attempt, f"ConfigMaps {ROOT_CA} of all namespaces", lambda: _strays(api))
        aggregation = pool.submit(
            attempt, "ConfigMap kube-system/extension-apiserver-authentication", lambda: _aggregation(api)
        )
        served = pool.submit(_served, api)
        return Certificates(
            root=root.result(),
            strays=strays.result(),
            aggregation=aggregation.result(),
            served=served.result(),
            own=_own(api),
        )


def _root(api: Api) -> tuple[Certificate, ...]:
    data = api.get(f"/api/v1/namespaces/kube-system/configmaps/{ROOT_CA}")["data"]
    return Certificate.from_pem(data["ca.crt"])


def _strays(api: Api) -> dict[str, str]:
    """By namespace; one that is being made or removed at this moment does not count."""
    now = datetime.fromisoformat(api.clock())
    namespaces = api.items("/api/v1/namespaces")
    found = {
        item["metadata"]["namespace"]: (item.get("data") or {}).get("ca.crt", "")
        for item in api.items("/api/v1/configmaps", fieldSelector=f"metadata.name={ROOT_CA}")
    }
    expected = found.get("kube-system", "").strip()
    strays: dict[str, str] = {}
    for item in namespaces:
        name, made = item["metadata"]["name"], item["metadata"]["creationTimestamp"]
        if (item.get("status") or {}).get("phase") == "Terminating":
            continue
        if name not in found:
            if (now - datetime.fromisoformat(made)).total_seconds() >= YOUNG:
                strays[name] = f"missing; the namespace was made at {made}"
        elif found[name].strip() != expected:
            strays[name] = "not the one of kube-system"
    return strays


def _aggregation(api: Api) -> Aggregation:
    path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
    data = api.get(path).get("data") or {}

    def bundle(key: str) -> tuple[Certificate, ...]:
        return Certificate.from_pem(data[key]) if data.get(key, "").strip() else ()

    return Aggregation(
        clients=bundle("client-ca-file"),
        front_proxies=bundle("requestheader-client-ca-file"),
        names=tuple(parse_json(data.get("requestheader-allowed-names") or "[]")),
    )


def _served(api: Api) -> Reading[Served]:
    """The API server's certificate as this machine sees it, on a connection of its own."""
    configuration = api.client.configuration
    parts = urlsplit(api.server)
    if parts.scheme != "https" or configuration.proxy:
        way = "through a proxy" if configuration.proxy else "without TLS"
        return Reading(problem=f"{api.server} is reached {way}, so its certificate does not show")
    asked = configuration.tls_server_name or parts.hostname or ""
    question = TlsHello(
        parts.hostname or "", parts.port or 443, server_name=configuration.tls_server_name or ""
    )
    begun = monotonic()
    said = b""
    try:
        with socket.create_connection((question.host, question.port), CONNECT_TIMEOUT) as connection:
            connection.sendall(question.hello)
            # Until it has said what is wanted: then it waits for us, and is not answered.
            while part := connection.recv(65536):
                said += part
                answer = question.read(Raw(0, said, round(monotonic() - begun, 2)), "here")
                if answer.alert or answer.chain:
                    break
    except OSError as problem:
        return Reading(problem=f"{question.key} could not be asked from here: {network_words(problem)}")
    answer = question.read(Raw(0, said, round(monotonic() - begun, 2)), "here")
    if not answer.chain:
        return Reading(problem=answer.told("a certificate in TLS 1.2"))
    return Reading(Served(asked, answer.chain))


def _own(api: Api) -> Reading[Certificate]:
    path = api.client.configuration.cert_file
    if not path:
        return Reading(problem="the credentials in use are no client certificate", absent=True)
    if api.certificate_by_plugin:
        return Reading(
            problem="a credential plugin issues the client certificate in use, and renews it", absent=True
        )
    try:
        return Reading(Certificate.from_pem(Path(path).read_text(encoding="utf-8"))[0])
    except (OSError, ValueError) as problem:
        return Reading(problem=f"the client certificate {path} cannot be read: {problem}")
