"""The proxy on the way to the API servers, chosen as kubectl chooses it.

A kubeconfig's proxy-url is used whatever the environment says. HTTPS_PROXY, or HTTP_PROXY for a server
without TLS, is not used for what NO_PROXY names, nor for this machine itself. ALL_PROXY is nobody's.
Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config, and what it says of NO_PROXY in full
https://github.com/golang/net/blob/master/http/httpproxy/proxy.go

The certificate of a proxy that is reached by TLS is checked as the API server's is: the kubeconfig's CA must
have signed it, or one of the system's where the kubeconfig names none. A proxy that asks for a client
certificate is shown the one that the API server is shown.
Source: https://pkg.go.dev/net/http#Transport, whose TLSClientConfig is for both.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from kubernetes.client import Configuration

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SCHEMES = ("http", "https", "socks5", "socks5h")
WANTED = (
    "it must be SCHEME://HOST:PORT with http, https, socks5 or socks5h as its scheme; a password in it has"
    " %2F for /, %3F for ? and %23 for #"
)


def choose_proxy(configuration: Configuration, named: str) -> None:
    """Set ``configuration.proxy`` to the one that is used, if any; ``named`` is the kubeconfig's own.

    Raises ValueError for what is no proxy's address, and does not repeat it: a password may be in it.
    """
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    url = named or _from_environment(configuration.host)
    configuration.no_proxy = None  # the client would read it in another way
    configuration.proxy = None
    if not url:
        return
    try:
        parts = parse_url(url if "://" in url else f"http://{url}")
    except LocationParseError:
        raise ValueError(WANTED) from None
    if parts.scheme not in SCHEMES or not parts.host or "@" in f"{parts.request_uri}{parts.fragment}":
        raise ValueError(WANTED)
    if parts.scheme.startswith("socks5"):
        parts = parts._replace(scheme="socks5h")  # as in Go, it resolves names
    elif parts.auth is not None:
        user, _, password = map(unquote, parts.auth.partition(":"))
        secret = b64encode(f"{user}:{password}".encode()).decode()
        configuration.proxy_headers = {"Proxy-Authorization": f"Basic {secret}"}
        parts = parts._replace(auth=None)
    if parts.scheme == "https":
        configuration.proxy_ssl_context = _trust(configuration)
    configuration.proxy = parts.url


def show_certificate(configuration: Configuration) -> None:
    """Let new connections to a proxy show the client certificate that is valid now, if there is one.

    What is wrong with one, the connection to the API server tells.
    """
    if configuration.proxy_ssl_context and configuration.cert_file:
        with suppress(OSError):
            configuration.proxy_ssl_context.load_cert_chain(configuration.cert_file, configuration.key_file)


def proxy_shown(configuration: Configuration) -> str:
    """The proxy without what authenticates at it; empty where there is none."""
    parts = urlsplit(configuration.proxy or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


def _trust(configuration: Configuration) -> ssl.SSLContext | None:
    """Whose certificates are accepted; None where the CA is none, which the first request tells."""
    from urllib3.util.ssl_ import create_urllib3_context

    verified = configuration.verify_ssl
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE)
    try:
        if configuration.ssl_ca_cert:
            context.load_verify_locations(configuration.ssl_ca_cert)
        elif verified:
            context.load_default_certs()
    except OSError:
        return None
    return context


def _from_environment(server: str) -> str:
    """The environment's proxy for ``server``; empty where none is to be used."""
    to = urlsplit(server)
    host, port = to.hostname or "", str(to.port or (443 if to.scheme == "https" else 80))
    address = _address(host)
    here = address.is_loopback if address else host == "localhost"
    if here or any(
        _names(entry.strip().lower(), host, port, address) for entry in _value("NO_PROXY").split(",")
    ):
        return ""
    return _value(f"{to.scheme.upper()}_PROXY")


def _value(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.lower(), "")


def _names(entry: str, host: str, port: str, address: Address | None) -> bool:
    """Whether an entry of NO_PROXY is for ``host``, whose ``address`` is None where it is a name.

    It is ``*``, or a range of addresses, or an address or a domain and perhaps a port. ``example.com`` is for
    that host and those below it, ``.example.com`` and ``*.example.com`` are for those below it.
    """
    if entry == "*":
        return True
    if re.fullmatch(r"[0-9a-f:.]+/[0-9]+", entry):
        with suppress(ValueError):
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
    with_port = re.fullmatch(r"([^:\[\]]+|\[.*\]):([^:]*)", entry)
    named, at = (with_port[1].strip("[]"), with_port[2]) if with_port else (entry, "")
    if at not in ("", port):
        return False
    if only := _address(named):
        return only == address
    domain = named.removeprefix("*") if named.startswith("*.") else named
    return domain not in ("", ".") and (host == domain or host.endswith(f".{domain.removeprefix('.')}"))


def _address(host: str) -> Address | None:
    """The address that ``host`` is, None for a name. An IPv4 address may be written as one of IPv6."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
