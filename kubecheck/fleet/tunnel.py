"""TLS from inside the cluster, with our own TLS: busybox in a probe pod only carries the bytes."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import TypeVar

from kubecheck.cluster.api import Api
from kubecheck.fleet.stream import STDERR, STDIN, STDOUT, ExecProblem, Stream, exec_in
from kubecheck.probes.question import address
from kubecheck.probes.requests import AnonymousGet

T = TypeVar("T")


def anonymous_get(api: Api, request: AnonymousGet, seconds: float) -> str:
    """The status line of the answer to ``request``. Raises ExecProblem.

    What follows the status line is dropped: where a kubelet serves anybody, it holds the pods of
    the node with all that is in their environments.
    """
    where = address(request.host, request.port)
    command = ["timeout", str(int(seconds)), "nc", request.host, str(request.port)]
    with exec_in(api, request.namespace, request.pod, command) as stream:
        try:
            tls = _Tls(stream, where, time.monotonic() + seconds)
            tls.send(f"GET {request.path} HTTP/1.1\r\nHost: {where}\r\nConnection: close\r\n\r\n".encode())
            return tls.line()
        except ssl.SSLError as problem:
            raise ExecProblem(f"TLS with {where} failed: {problem.reason or problem}") from None


class _Tls:
    """A TLS client whose bytes travel over an exec."""

    def __init__(self, stream: Stream, where: str, deadline: float) -> None:
        self.stream = stream
        self.where = where
        self.deadline = deadline
        # Whose certificate it is does not matter to somebody without credentials, so no authority is loaded.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        self._until_done(self.tls.do_handshake)

    def send(self, data: bytes) -> None:
        """Send all of ``data``, which fits into one record."""
        self._until_done(lambda: self.tls.write(data))
        self._flush()

    def line(self) -> str:
        """The first line of what comes."""
        found = b""
        while b"\n" not in found:
            part = self._until_done(lambda: self.tls.read(4096))
            if not part:
                break
            found += part
        return found.partition(b"\n")[0].decode("latin-1").strip()

    def _until_done(self, step: Callable[[], T]) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                self.incoming.write(self._receive())

    def _flush(self) -> None:
        data = self.outgoing.read()
        if data:
            self.stream.send(STDIN, data)

    def _receive(self) -> bytes:
        while True:
            data = self.stream.take(STDOUT)
            if data:
                return data
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise ExecProblem(f"no answer from {self.where}")
            if self.stream.ended:
                said = self.stream.take(STDERR).decode("utf-8", "replace").strip()
                raise ExecProblem(f"the connection to {self.where} ended: {said or 'nothing was said'}")
            self.stream.receive(left)
