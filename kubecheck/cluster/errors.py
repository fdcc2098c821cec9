"""What is said of requests that were refused, or got no answer: one type, in few words."""

from __future__ import annotations

import socket

from kubecheck.input import parse_json

SILENCE = "NoAnswer"  # the reason where nothing came in time
MESSAGE_KEPT = 4000  # characters
NOT_IN_TIME = "no answer in time"


class ApiError(Exception):
    """The API server refused a request, or could not be reached (status 0)."""

    def __init__(
        self, status: int, reason: str, message: str, body: str = "", patience: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.body = body
        """All that the server said, which the message may shorten."""
        self.patience = patience
        """After how many seconds a server that was too busy wants to be asked again; None: it was not."""

    @property
    def unreachable(self) -> bool:
        """True when no API server answered at all."""
        return self.status == 0

    @property
    def silence(self) -> bool:
        """True when nothing came in time: it tells less than a connection that is refused."""
        return self.reason == SILENCE


def refused(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """What is said of a request that was answered with ``status``."""
    text = body.decode("utf-8", "replace").strip()
    try:
        said = parse_json(text)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    message = str(said.get("message") or text[:300] or f"HTTP {status}")[:MESSAGE_KEPT]
    return ApiError(status, str(said.get("reason") or ""), message, text, _patience(status, retry_after))


def _patience(status: int, retry_after: str | None) -> float | None:
    """Seconds until the server wants to be asked again. API servers name a number there, and never a date."""
    if retry_after is not None and retry_after.isdecimal() and status in (429, 503):
        return float(retry_after)
    return 1.0 if status == 429 else None


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
        return NOT_IN_TIME
    if isinstance(innermost, socket.gaierror):
        return "the name does not resolve"
    text = str(innermost)
    return text.split(": ", 1)[1] if text.startswith("<") or "object at 0x" in text else text
