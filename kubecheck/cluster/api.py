"""The Kubernetes API as kubecheck uses it: plain JSON in and out, errors as one type.

Objects stay the JSON the API server sent. The generated client's models are left out on
purpose: most of their cost is importing and filling classes of which a handful of fields are
read, and a server newer than the models may send what they refuse.

The client and urllib3 are imported where they are used: most commands of kubecheck talk to no cluster.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import HTTPResponse

Json = dict[str, Any]

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
PROXY_TIMEOUT = (
    5.0  # for what stands behind the API server's proxy, and may hang where the API server does not
)

SHORTEST_WATCH = 0.5


class ApiError(Exception):
    """The API server refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, reason: str, message: str, body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.body = body
        """All that the server said, which the message may shorten."""

    @property
    def unreachable(self) -> bool:
        """True when no API server answered at all."""
        return self.status == 0


class Api:
    """One connection's requests. Safe to share between threads."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self.server: str = client.configuration.host

    def get(self, path: str, **query: str | int) -> Json:
        """The object or list at ``path``. Raises ApiError."""
        return self._object("GET", path, query)

    def items(self, path: str, **query: str | int) -> list[Json]:
        """All objects of the list at ``path``, page by page. Raises ApiError."""
        found: list[Json] = []
        token = ""
        while True:
            page = self.get(path, limit=500, **query, **({"continue": token} if token else {}))
            found.extend(page.get("items") or [])
            token = page.get("metadata", {}).get("continue") or ""
            if not token:
                return found

    def text(self, path: str, **query: str | int) -> str:
        """What stands at ``path`` as text, a metrics page for instance. Raises ApiError."""
        body = self._request("GET", path, query).data
        return body.decode("utf-8", "replace")

    def clock(self) -> str:
        """The API server's own time, to a second, in RFC 3339. Raises ApiError."""
        said = self._request("GET", "/version", {}).headers.get("Date", "")
        try:
            return parsedate_to_datetime(said).isoformat()
        except ValueError:
            raise ApiError(0, "NoDate", f"{self.server} does not say what time it is") from None

    def through_proxy(
        self, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        """What something behind the API server's proxy says, given PROXY_TIMEOUT seconds. Raises ApiError."""
        timeout = (CONNECT_TIMEOUT, PROXY_TIMEOUT)
        answer = self._request(method, path, {}, body, timeout, headers=headers).data
        return answer.decode("utf-8", "replace")

    def create(self, path: str, body: Json) -> Json:
        """POST ``body`` to the collection at ``path``. Raises ApiError."""
        return self._object("POST", path, {}, body)

    def delete(self, path: str, **query: str | int) -> None:
        """Ask for the deletion of the object at ``path``; already gone is fine. Raises ApiError."""
        try:
            self._object("DELETE", path, query)
        except ApiError as problem:
            if problem.status != 404:
                raise

    def watch(self, path: str, resource_version: str, seconds: float, **query: str) -> Iterator[Json]:
        """Events (``type`` and ``object``) at ``path``, until ``seconds`` are over or the server ends it.

        An API server that goes away ends it too: whoever still waits asks again, and another one may answer.
        """
        from urllib3.exceptions import HTTPError

        asked = {
            **query,
            "watch": "1",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, int(seconds))),
        }
        begun = time.monotonic()
        response = self._request("GET", path, asked, timeout=(CONNECT_TIMEOUT, seconds + 5), stream=True)
        buffer = b""
        try:
            with suppress(HTTPError, OSError):
                for chunk in response.stream(None):
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    yield from (_event(line, path) for line in lines if line.strip())
        finally:
            # Closed, not released: a watch that is left early still has data under way.
            response.close()
        # Where a watch ends as soon as it has begun, asking again at once would be a storm.
        time.sleep(max(0.0, begun + min(SHORTEST_WATCH, seconds) - time.monotonic()))

    def _object(self, method: str, path: str, query: Mapping[str, Any], body: Json | None = None) -> Json:
        data = self._request(method, path, query, body).data
        try:
            answer = json.loads(data)
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
    ) -> HTTPResponse:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        serialized = self.client.param_serialize(
            method,
            quote(path, safe="/:%"),
            query_params=[(key, str(value)) for key, value in query.items()],
            header_params={
                "Accept": "application/json, */*",
                "Content-Type": "application/json",
                **(headers or {}),
            },
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response: HTTPResponse = self.client.call_api(*serialized, _request_timeout=timeout).response
            if response.status >= 400:
                raise _refused(response.status, response.data)
            if not stream:
                _ = response.data  # read it whole, so that the connection returns to the pool
        except ApiException as problem:
            raise _refused(problem.status or 0, (problem.body or problem.reason or "").encode()) from None
        except (HTTPError, OSError) as problem:
            raise _unreachable(self.server, problem) from None
        return response


def _event(line: bytes, path: str) -> Json:
    try:
        event: Json = json.loads(line)
    except ValueError:
        raise ApiError(0, "NotJson", f"the watch on {path} sent what is not JSON: {line[:80]!r}") from None
    return event


def _refused(status: int, body: bytes) -> ApiError:
    text = body.decode("utf-8", "replace").strip()
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    message = said.get("message") or text[:300] or f"HTTP {status}"
    return ApiError(status, said.get("reason") or "", message, text)


def _unreachable(server: str, problem: Exception) -> ApiError:
    return ApiError(0, "Unreachable", f"{server}: {network_words(problem)}")


def network_words(problem: BaseException) -> str:
    """A network error in a few words, without the layers of exceptions around it."""
    from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError

    innermost = problem
    while True:
        reason = getattr(innermost, "reason", None)
        inner = reason if isinstance(reason, BaseException) else innermost.__cause__
        if inner is None:
            break
        innermost = inner
    if isinstance(innermost, ConnectionRefusedError):
        return "connection refused"
    if isinstance(innermost, (TimeoutError, ConnectTimeoutError, ReadTimeoutError)):
        return "no answer in time"
    if isinstance(innermost, socket.gaierror):
        return "the name does not resolve"
    text = str(innermost)
    return text.split(": ", 1)[1] if text.startswith("<") or "object at 0x" in text else text
