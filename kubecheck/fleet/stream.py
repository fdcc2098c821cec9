"""Streams through the API server: exec and port-forward, whose bytes travel in the channels of a WebSocket.

The client has its own, which sends no impersonation, takes another way through proxies than its requests
do, and costs a second for the models that it imports.
Source: https://pkg.go.dev/k8s.io/apimachinery/pkg/util/httpstream/wsstream
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.errors import refused

if TYPE_CHECKING:
    from websocket import WebSocket

HANDSHAKE_TIMEOUT = 15.0
LIMIT = 64 << 20  # bytes; hundreds of answers, each as long as one may be, are less
STDIN, STDOUT, STDERR, ERROR = range(4)  # the channels of an exec
DATA, PORT_ERROR = range(2)  # the channels of a forwarded port
_PROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"


class ExecProblem(Exception):
    """The script did not run, or not to its end; the text says what is known.

    ``status`` is the HTTP status of a refusal, 0 for anything else. ``reached`` is False when no
    API server answered at all.
    """

    def __init__(self, message: str, status: int = 0, *, reached: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.reached = reached


class Stream:
    """Channels that bytes come and go in; made by ``opened``. All but ``take`` raise ExecProblem."""

    def __init__(self, socket: WebSocket, what: str) -> None:
        self.socket = socket
        self.what = what
        self.ended = False
        self._received: dict[int, bytearray] = defaultdict(bytearray)
        self._size = 0

    def send(self, channel: int, data: bytes) -> None:
        """Send ``data`` in one frame."""
        with self._told():
            self.socket.send_binary(bytes([channel]) + data)

    def receive(self, seconds: float) -> None:
        """Wait for what comes next, in any channel, ``seconds`` at most."""
        from websocket import ABNF, WebSocketTimeoutException

        with self._told():
            self.socket.settimeout(seconds)
            try:
                kind, frame = self.socket.recv_data_frame(control_frame=True)
            except WebSocketTimeoutException:
                return
        if kind == ABNF.OPCODE_CLOSE:
            self.ended = True
        elif kind in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and frame.data:
            self._size += len(frame.data)
            if self._size > LIMIT:
                raise ExecProblem(
                    f"{self.what} printed more than {LIMIT >> 20} MiB, and was not heard to its end"
                )
            self._received[frame.data[0]] += frame.data[1:]

    def take(self, channel: int) -> bytes:
        """What has come in ``channel`` and was not taken yet."""
        return bytes(self._received.pop(channel, b""))

    @contextmanager
    def _told(self) -> Iterator[None]:
        from websocket import WebSocketException

        try:
            yield
        except (WebSocketException, OSError) as problem:
            raise ExecProblem(f"{self.what} broke off: {problem}") from None


@contextmanager
def opened(api: Api, path: str, query: Sequence[tuple[str, str]], what: str) -> Iterator[Stream]:
    """A stream to ``path``, as long as it is used. Raises ExecProblem, with ``what`` was tried."""

    def handshake() -> WebSocket:
        return _handshake(api, f"{path}?{urlencode(query)}")

    try:
        socket = api.patiently("CONNECT", handshake, HANDSHAKE_TIMEOUT)
    except ApiError as problem:
        # An API server that waits for a kubelet says nothing meanwhile; one that is gone refuses at once.
        reached = not problem.unreachable or problem.silence
        raise ExecProblem(f"{what} was refused: {problem}", problem.status, reached=reached) from None
    try:
        yield Stream(socket, what)
    finally:
        connection = socket.sock
        socket.close()
        if connection:  # which is left open where the other side closed first, and where TLS is within TLS
            connection.close()


def exec_in(api: Api, namespace: str, pod: str, command: Sequence[str]) -> AbstractContextManager[Stream]:
    """A stream to ``command`` in the busybox container of ``pod``."""
    query = [("command", each) for each in command]
    query += [("container", "busybox"), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
    return opened(api, path, query, f"exec into {namespace}/{pod}")


def _handshake(api: Api, resource: str) -> WebSocket:
    from websocket import (
        WebSocket,
        WebSocketBadStatusException,
        WebSocketException,
        WebSocketTimeoutException,
    )

    headers = [f"{name}: {value}" for name, value in api.headers()]
    connection = api.connection()
    connection.settimeout(api.deadline.within(HANDSHAKE_TIMEOUT))
    made = WebSocket()
    try:
        made.connect(  # type: ignore[no-untyped-call]
            api.server.replace("http", "ws", 1) + resource,
            socket=connection,
            header=[*headers, f"Sec-WebSocket-Protocol: {_PROTOCOLS}"],
            suppress_origin=True,
            redirect_limit=0,  # it would be followed on another way than this connection's
        )
    except WebSocketBadStatusException as problem:
        said = problem.resp_headers or {}
        raise refused(problem.status_code, problem.resp_body or b"", said.get("retry-after")) from None
    except WebSocketTimeoutException:
        raise api.unreachable(TimeoutError()) from None
    except (WebSocketException, OSError) as problem:
        raise api.unreachable(problem) from None
    return made
