"""What stands between kubecheck and the API: a proxy that opens tunnels by CONNECT, a way that can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer


@dataclass
class Proxy:
    """Where it listens, what it was asked for, and what whoever asks must say in Proxy-Authorization."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    password: str = ""


@contextmanager
def proxy() -> Iterator[Proxy]:
    """One at work."""
    ours = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            ours.asked.append(self.path)
            if ours.password and self.headers.get("Proxy-Authorization") != ours.password:
                self.send_error(407)
                return
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(far, self.connection), daemon=True)
                back.start()
                _pump(self.connection, far)
                back.join(5)

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the test's output is pytest's."""

    with _listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as ours.address:
        yield ours


@dataclass
class Way:
    """Where it begins. Once ``cut`` is set nothing passes any more, and nobody says so."""

    address: str = ""
    cut: threading.Event = field(default_factory=threading.Event)


@contextmanager
def relay(host: str, port: int) -> Iterator[Way]:
    """A way to ``host:port`` that can be cut."""
    way = Way()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as far:
                back = threading.Thread(target=_pump, args=(far, self.request, way.cut), daemon=True)
                back.start()
                _pump(self.request, far, way.cut)
                back.join(5)

    with _listening(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as way.address:
        yield way


@contextmanager
def _listening(server: ThreadingTCPServer) -> Iterator[str]:
    """Where ``server`` serves meanwhile, as HOST:PORT."""
    with server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _pump(source: socket.socket, sink: socket.socket, cut: threading.Event | None = None) -> None:
    try:
        while data := source.recv(65536):
            if not (cut and cut.is_set()):
                sink.sendall(data)
        if not (cut and cut.is_set()):
            sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side is done
