"""What is said of requests that were refused, or got no answer: one type, in few words."""

from __future__ import annotations

import socket

from kubecheck.input import parse_json

SILENCE = "NoAnswer"  # the reason where nothing came in time
MESSAGE_KEPT = 4000  # characters
WORDS_KEPT = 300  # of a network error, which may hold what a stranger sent
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
    import ssl
    from http.client import BadStatusLine

    from urllib3.exceptions import ConnectTimeoutError, ProxyError, ReadTimeoutError

    innermost, at_proxy = problem, False
    while inner := _inside(innermost):
        at_proxy |= isinstance(innermost, ProxyError)
        innermost = inner
    if isinstance(innermost, ConnectionRefusedError):
        return "connection refused"
    if isinstance(innermost, (TimeoutError, ConnectTimeoutError, ReadTimeoutError)):
        return NOT_IN_TIME
    if isinstance(innermost, socket.gaierror):
        return "the name does not resolve"
    text = " ".join(str(innermost).split())[:WORDS_KEPT]
    if at_proxy and isinstance(innermost, ssl.SSLCertVerificationError):
        return (
            f"the proxy's own certificate is not accepted ({innermost.verify_message}): the kubeconfig's CA"
            " must have signed it, or one of the system's where the kubeconfig names none"
        )
    if at_proxy and isinstance(innermost, ssl.SSLError):
        return f"TLS to the proxy itself failed, which may be one for http:// ({text})"
    if hasattr(innermost, "socket_err"):  # of PySocks, said as http.client says it of the other proxies
        return f"Tunnel connection failed: {text}"
    if isinstance(innermost, BadStatusLine) and not isinstance(innermost, ConnectionError):
        return f"what came is no HTTP: {text}"
    return text.split(": ", 1)[1] if text.startswith("<") or "object at 0x" in text else text


def _inside(problem: BaseException) -> BaseException | None:
    """The error that ``problem`` was made of. Each library keeps it elsewhere."""
    from urllib3.exceptions import NewConnectionError

    kept = [getattr(problem, name, None) for name in ("reason", "original_error", "socket_err", "__cause__")]
    if isinstance(problem, NewConnectionError):
        kept.append(problem.__context__)  # urllib3 names no cause where PySocks met it
    return next((each for each in (*kept, *problem.args[-1:]) if isinstance(each, BaseException)), None)
