"""The proxy on the way to the API servers, chosen as kubectl chooses it.

A kubeconfig's proxy-url is used whatever the environment says. HTTPS_PROXY, or HTTP_PROXY for a server
without TLS, is not used for what NO_PROXY names, nor for this machine itself.
Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from kubernetes.client import Configuration


def choose_proxy(configuration: Configuration, named: str) -> None:
    """Set ``configuration.proxy`` to the one that is used, if any; ``named`` is the kubeconfig's own."""
    from kubernetes.client.rest import should_bypass_proxies
    from urllib3.util import make_headers

    url = named or configuration.proxy or ""
    host = urlsplit(configuration.host).hostname or ""
    if not named and (
        _is_here(host) or should_bypass_proxies(configuration.host, configuration.no_proxy or "")
    ):
        url = ""
    configuration.no_proxy = None  # it has been heard
    if url and "://" not in url:
        url = f"http://{url}"
    configuration.proxy = url.replace("socks5://", "socks5h://", 1) or None  # as in Go, it resolves names
    parts = urlsplit(url)
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        configuration.proxy_headers = make_headers(proxy_basic_auth=secret)


def proxy_shown(configuration: Configuration) -> str:
    """The proxy without what authenticates at it; empty where there is none."""
    parts = urlsplit(configuration.proxy or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
