"""The Kubernetes API as kubecheck uses it: plain JSON in and out, errors as one type.

Objects stay the JSON the API server sent. The generated client's models are left out on
purpose: most of their cost is importing and filling classes of which a handful of fields are
read, and a server newer than the models may send what they refuse.

The client and urllib3 are imported where they are used: most commands of kubecheck talk to no cluster.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from kubecheck import __version__
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.errors import NOT_IN_TIME, SILENCE, ApiError, network_words, refused
from kubecheck.cluster.impersonation import Headers
from kubecheck.cluster.proxy import proxy_shown, show_certificate
from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.input import parse_json

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse, PoolManager

__all__ = ["CONNECT_TIMEOUT", "Api", "ApiError", "Json"]

Json = dict[str, Any]
T = TypeVar("T")

AT_ONCE = 32  # requests under way from one process, and connections kept; streams are not counted
REPEATS = 3  # how often a request is sent again to a server that asks for patience

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
PROXY_TIMEOUT = 5.0  # for what stands behind the API server's proxy, and may hang though that does not
SHORTEST_WATCH = 0.5

BODY_LIMIT = 256 << 20  # bytes; the metrics of a large cluster's API server are some dozens of MiB
PART = 1 << 20
MOST_PAGES = 2000  # of 500 objects


class Api:
    """One connection's requests. Safe to share between threads."""

    def __init__(
        self, client: ApiClient, acting_as: Headers = (), requests: RequestsMade | None = None
    ) -> None:
        self.client = client
        self.server: str = client.configuration.host
        self.acting_as = acting_as
        self.requests = requests or RequestsMade()
        self.deadline = Deadline()
        """After it nothing is asked any more, and whatever is under way ends by then."""
        self.certificate_by_plugin = False
        """Whether a credential plugin issues the client certificate in use, and renews it."""
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def get(self, path: str, *, seconds: float = READ_TIMEOUT, **query: str | int) -> Json:
        """The object or list at ``path``, told within ``seconds``. Raises ApiError."""
        return self._object("GET", path, query, seconds=seconds)

    def items(self, path: str, *, seconds: float = READ_TIMEOUT, **query: str | int) -> list[Json]:
        """All objects of the list at ``path``, page by page, each within ``seconds``. Raises ApiError."""
        found: list[Json] = []
        token = ""
        for _ in range(MOST_PAGES):
            page = self.get(
                path, seconds=seconds, limit=500, **query, **({"continue": token} if token else {})
            )
            found.extend(page.get("items") or [])
            token = page.get("metadata", {}).get("continue") or ""
            if not token:
                return found
        raise ApiError(0, "TooLarge", f"{self.server}{path} goes on after {MOST_PAGES} pages")

    def text(self, path: str, *, seconds: float = READ_TIMEOUT, **query: str | int) -> str:
        """What stands at ``path`` as text, a metrics page for instance. Raises ApiError."""
        _, body = self._request("GET", path, query, timeout=(CONNECT_TIMEOUT, seconds))
        return body.decode("utf-8", "replace")

    def clock(self) -> str:
        """The API server's own time, to a second, in RFC 3339. Raises ApiError."""
        response, _ = self._request("GET", "/version", {})
        said = response.headers.get("Date", "")
        try:
            return parsedate_to_datetime(said).isoformat()
        except ValueError:
            raise ApiError(0, "NoDate", f"{self.server} does not say what time it is") from None

    def through_proxy(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = PROXY_TIMEOUT,
    ) -> str:
        """What something behind the API server's proxy says within ``seconds``. Raises ApiError."""
        _, answer = self._request(method, path, {}, body, (CONNECT_TIMEOUT, seconds), headers=headers)
        return answer.decode("utf-8", "replace")

    def create(self, path: str, body: Json) -> Json:
        """POST ``body`` to the collection at ``path``. Raises ApiError."""
        return self._object("POST", path, {}, body)

    def patch(self, path: str, body: Json, *, seconds: float = READ_TIMEOUT) -> Json:
        """The object at ``path`` with the fields of ``body`` in it. Raises ApiError.

        Source: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
        """
        headers = {"Content-Type": "application/merge-patch+json"}
        return self._object("PATCH", path, {}, body, headers=headers, seconds=seconds)

    def delete(self, path: str, *, seconds: float = READ_TIMEOUT) -> None:
        """Ask for the deletion of the object at ``path``; already gone is fine. Raises ApiError."""
        try:
            self._object("DELETE", path, {}, seconds=seconds)
        except ApiError as problem:
            if problem.status != 404:
                raise

    def watch(self, path: str, resource_version: str, seconds: float, **query: str) -> Iterator[Json]:
        """Events (``type`` and ``object``) at ``path``, until ``seconds`` are over or the server ends it.

        An API server that goes away ends it too: whoever still waits asks again, and another one may answer.
        """
        from urllib3.exceptions import HTTPError

        seconds = self.deadline.within(seconds)
        asked = {
            **query,
            "watch": "1",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, int(seconds))),
        }
        begun = time.monotonic()
        response, _ = self._request("GET", path, asked, timeout=(CONNECT_TIMEOUT, seconds + 5), stream=True)
        buffer = b""
        try:
            with suppress(HTTPError, OSError):
                for chunk in response.stream(None):
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    yield from (_event(line, path) for line in lines if line.strip())
                    if len(buffer) > BODY_LIMIT:
                        break
        finally:
            # Closed, not released: a watch that is left early still has data under way.
            response.close()
        # Where a watch ends as soon as it has begun, asking again at once would be a storm.
        time.sleep(max(0.0, begun + min(SHORTEST_WATCH, seconds) - time.monotonic()))

    def _object(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Json | None = None,
        seconds: float = READ_TIMEOUT,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        _, data = self._request(method, path, query, body, (CONNECT_TIMEOUT, seconds), headers=headers)
        try:
            answer = parse_json(data)
        except ValueError:
            raise ApiError(0, "NotJson", f"{self.server}{path} did not answer with JSON") from None
        if not isinstance(answer, dict):
            raise ApiError(0, "NotJson", f"{self.server}{path} did not answer with an object")
        return answer

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Json | None = None,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
        *,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[BaseHTTPResponse, bytes]:
        """The response and its body, which is still to come in a ``stream``."""
        from urllib3 import HTTPHeaderDict, Timeout
        from urllib3.exceptions import HTTPError

        url = f"{self.server}{quote(path, safe='/:%')}" + (f"?{urlencode(query)}" if query else "")

        def ask() -> tuple[BaseHTTPResponse, bytes]:
            sent = HTTPHeaderDict({"Accept": "application/json, */*", "Content-Type": "application/json"})
            sent.update(headers or {})
            for name, value in self.headers():
                sent.add(name, value)
            try:
                with self._slots:
                    response = self._pools().request(
                        method,
                        url,
                        body=None if body is None else json.dumps(body),
                        headers=sent,
                        timeout=Timeout(
                            connect=self.deadline.within(timeout[0]), read=self.deadline.within(timeout[1])
                        ),
                        preload_content=False,
                    )
                    # Read whole, so that the connection returns to the pool.
                    said = b"" if stream and response.status < 400 else _body(response, url)
            except (HTTPError, OSError) as problem:
                raise self.unreachable(problem) from None
            if response.status >= 400:
                raise refused(response.status, said, response.headers.get("Retry-After"))
            return response, said

        return self.patiently("WATCH" if stream else method, ask, timeout[1])

    def patiently(self, verb: str, ask: Callable[[], T], seconds: float) -> T:
        """What ``ask`` gives, counted. A server that is too busy is asked again when it says so.

        All of it takes about ``seconds`` at most, and nothing is asked after the deadline. Nothing else is
        tried again: a connection that is refused is an answer here.
        """
        if self.deadline.over:
            raise ApiError(0, "Deadline", f"{self.server}: {self.deadline} is over")
        ends = time.monotonic() + self.deadline.within(seconds)
        for again in range(REPEATS):
            self.requests.sent(verb, again=bool(again))
            try:
                return ask()
            except ApiError as problem:
                left = ends - time.monotonic()
                if problem.patience is None or left <= 0:
                    raise
                time.sleep(min(problem.patience, left))
        self.requests.sent(verb, again=True)
        return ask()

    def headers(self) -> Headers:
        """The headers that say who asks, and with which credentials. Raises ApiError where those ran out."""
        from kubernetes.config import ConfigException

        try:
            credentials = (self.client.configuration.get_api_key_with_prefix("BearerToken") or "").strip()
        except (ConfigException, OSError) as problem:
            raise ApiError(
                401, "Unauthorized", f"the credentials ran out and could not be renewed: {problem}"
            ) from None
        if not (credentials.isascii() and credentials.isprintable()):
            raise ApiError(401, "Unauthorized", "the token in use cannot be sent: is it the right one?")
        said = (("Authorization", credentials),) if credentials else ()
        return ("User-Agent", f"kubecheck/{__version__}"), *said, *self.acting_as

    def connection(self) -> socket.socket:
        """A new connection to the API server, made as for all requests, on which nothing is said yet.

        The proxy, TLS and the client certificate are seen to. Raises ApiError.
        """
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError, ProxyError

        pool = self._pools().connection_from_url(self.server)
        connection: Any = pool._new_conn()
        connection.timeout = self.deadline.within(CONNECT_TIMEOUT)
        if pool.proxy is not None:
            to = urlsplit(self.server)
            port = to.port or (443 if to.scheme == "https" else 80)
            connection.set_tunnel(to.hostname or "", port, pool.proxy_headers, pool.proxy.scheme or "http")
        try:
            connection.connect()
        except (HTTPError, HTTPException, OSError) as problem:
            at_proxy = pool.proxy is not None and not connection.has_connected_to_proxy
            connection.close()
            raise self.unreachable(ProxyError("", problem) if at_proxy else problem) from None
        made: socket.socket = connection.sock
        return made

    def unreachable(self, problem: Exception) -> ApiError:
        """What is said of a request that got no answer."""
        words = network_words(problem)
        proxy = proxy_shown(self.client.configuration)
        way = f" through the proxy {proxy}" if proxy else ""
        return ApiError(0, SILENCE if words == NOT_IN_TIME else "Unreachable", f"{self.server}{way}: {words}")

    def _pools(self) -> PoolManager:
        """The client's connections. Those that are made now show the client certificate that is valid now."""
        pools: PoolManager = self.client.rest_client.pool_manager
        configuration = self.client.configuration
        pools.connection_pool_kw |= {"cert_file": configuration.cert_file, "key_file": configuration.key_file}
        show_certificate(configuration)
        return pools


def _body(response: BaseHTTPResponse, url: str) -> bytes:
    """All that is answered. Who answers may be anybody behind the API server's proxy, so it has a limit."""
    found = bytearray()
    for part in response.stream(PART):
        found += part
        if len(found) > BODY_LIMIT:
            response.close()
            raise ApiError(0, "TooLarge", f"{url} answered with more than {BODY_LIMIT >> 20} MiB")
    return bytes(found)


def _event(line: bytes, path: str) -> Json:
    try:
        event: Json = parse_json(line)
    except ValueError:
        raise ApiError(0, "NotJson", f"the watch on {path} sent what is not JSON: {line[:80]!r}") from None
    return event
