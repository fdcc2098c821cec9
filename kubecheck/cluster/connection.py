"""From flags and environment to a connection, as kubectl finds one.

The order is kubectl's: the flag, then $KUBECONFIG (a list, merged), then ~/.kube/config, then
the service account of the pod one runs in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kubecheck.cluster.api import AT_ONCE, Api, ApiError
from kubecheck.cluster.impersonation import Headers, impersonation
from kubecheck.cluster.kubeconfig import ConnectionProblem, check_address, read_kubeconfig
from kubecheck.cluster.proxy import choose_proxy

if TYPE_CHECKING:
    from kubernetes.client import Configuration

__all__ = ["ConnectionProblem", "connect", "explain_refusal"]

SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def connect(
    kubeconfig: str | None, context: str | None, as_user: str | None = None, as_groups: Sequence[str] = ()
) -> Api:
    """A connection that has not been tried yet, which acts as ``as_user`` if one is named.

    Raises ConnectionProblem when no configuration can be read.
    """
    # Imported here: a record is judged without them.
    import urllib3
    from kubernetes.client import ApiClient, Configuration

    configuration = Configuration()
    proxy = ""
    acting_as: Headers = ()
    by_plugin = False
    paths = _kubeconfig_paths(kubeconfig)
    if paths:
        proxy, acting_as, by_plugin = _load_kubeconfig(paths, context, configuration)
    elif SERVICE_ACCOUNT_TOKEN.exists():
        _load_incluster(configuration)
    else:
        raise ConnectionProblem(
            "no kubeconfig: give --kubeconfig FILE, set KUBECONFIG, or put one at ~/.kube/config"
        )
    try:
        if as_user or as_groups:
            acting_as = impersonation(as_user or "", as_groups)
    except ValueError as problem:
        raise ConnectionProblem(f"nobody can be impersonated so: {problem}") from None
    try:
        choose_proxy(configuration, proxy)
    except ValueError as problem:
        raise ConnectionProblem(
            f"the proxy's address is none ({problem}): look at the kubeconfig's proxy-url and at HTTPS_PROXY"
        ) from None
    # A refused connection is an answer here, and a run must tell it at once.
    configuration.retries = urllib3.Retry(0, redirect=3)
    configuration.connection_pool_maxsize = AT_ONCE
    if not configuration.verify_ssl:
        # The kubeconfig says so; once a request, it would be told again.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    api = Api(ApiClient(configuration), acting_as)
    api.certificate_by_plugin = by_plugin
    return api


def _kubeconfig_paths(kubeconfig: str | None) -> list[str]:
    if kubeconfig:
        named = [kubeconfig]
    elif os.environ.get("KUBECONFIG"):
        named = [part for part in os.environ["KUBECONFIG"].split(os.pathsep) if part]
    else:
        default = Path("~/.kube/config").expanduser()
        return [str(default)] if default.exists() else []
    existing = [path for path in map(os.path.expanduser, named) if Path(path).exists()]
    if not existing:
        raise ConnectionProblem(f"kubeconfig {', '.join(named)} does not exist: check the path")
    return existing


def _load_incluster(configuration: Configuration) -> None:
    from kubernetes.config import ConfigException, load_incluster_config

    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as problem:
        raise ConnectionProblem(f"the pod's service account cannot be used: {problem}") from None


def _load_kubeconfig(
    paths: list[str], context: str | None, configuration: Configuration
) -> tuple[str, Headers, bool]:
    """Write it into ``configuration``.

    The proxy that it names comes back, whom its user acts as, and whether a plugin gave a certificate.
    """
    from kubernetes.config import ConfigException

    from kubecheck.cluster.credentials import Kubeconfig

    contents = {path: content for path in paths if (content := read_kubeconfig(path)) is not None}
    shown = os.pathsep.join(paths)
    clusters = [each for content in contents.values() for each in content.get("clusters") or ()]
    if not clusters:
        raise ConnectionProblem(f"kubeconfig {shown} names no cluster: is it the right file?")
    # Of a list, kubectl takes the first file's current context, and the library the last one's.
    current = [content["current-context"] for content in contents.values() if content.get("current-context")]
    try:
        found = Kubeconfig(list(contents), context or next(iter(current), None))
        found.configure(configuration)
        check_address(configuration.host)
        return found.proxy_url, found.impersonation(), found.certificate_by_plugin
    except ConfigException as problem:
        raise ConnectionProblem(f"kubeconfig {shown} cannot be used: {problem}") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        # The library walks a damaged file without checking it; the kind of damage is in its words.
        raise ConnectionProblem(
            f"kubeconfig {shown} is damaged: {problem or type(problem).__name__}"
        ) from None


def explain_refusal(api: Api, problem: ApiError) -> ConnectionProblem:
    """Why the first request failed, as one sentence for the user."""
    server = api.server
    if problem.unreachable:
        return ConnectionProblem(
            f"the API server cannot be reached: {problem}. Check that it runs, that the address in the"
            " kubeconfig is right, and that nothing between here and there blocks it"
        )
    if problem.status == 401:
        return ConnectionProblem(
            f"the API server {server} does not accept these credentials (401): they may have expired;"
            " get a fresh kubeconfig"
        )
    if problem.status == 403:
        return ConnectionProblem(
            f"these credentials lack a right that every run needs (403): {problem}. Ask for it, or use a"
            " kubeconfig that has it"
        )
    return ConnectionProblem(f"the API server {server} answered {problem.status}: {problem}")
