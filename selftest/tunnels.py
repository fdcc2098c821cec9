"""A proxy on loopback that opens tunnels by HTTP's CONNECT, and remembers to where."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        listening.block_on_close = False
        ours.address = f"127.0.0.1:{listening.server_port}"
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield ours
        listening.shutdown()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side is done
