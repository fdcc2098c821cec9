"""What stands between kubecheck and the API: proxies, by CONNECT and by SOCKS, and a way that can be cut."""

import base64
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer


@dataclass
class Proxy:
    """Where it listens, who (USER:PASSWORD) may ask, what it was asked for, and where names lead."""

    scheme: str
    address: str = ""
    secret: str = ""
    asked: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def url(self, secret: str = "") -> str:
        """Its address for somebody who asks with this ``secret``."""
        return f"{self.scheme}://{secret and f'{secret}@'}{self.address}"

    def reach(self, host: str, port: int) -> socket.socket:
        """A connection to what is asked for. Raises OSError."""
        self.asked.append(f"{host}:{port}")
        return socket.create_connection((self.names.get(host, host), port))


@contextmanager
def proxy(tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """One that opens tunnels by CONNECT, and is itself reached by TLS where ``tls`` is given."""
    ours = Proxy("https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            basic = f"Basic {base64.b64encode(ours.secret.encode()).decode()}"
            if ours.secret and self.headers.get("Proxy-Authorization") != basic:
                self.send_error(407)
                return
            host, _, port = self.path.rpartition(":")
            try:
                far = ours.reach(host.strip("[]"), int(port))
            except OSError:
                self.send_error(502)
                return
            with far:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, far)

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the test's output is pytest's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with _listening(server) as ours.address:
        yield ours


@contextmanager
def socks() -> Iterator[Proxy]:
    """One that speaks SOCKS 5. Source: RFC 1928 and, for the password, RFC 1929."""
    ours = Proxy("socks5")

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            if self.rfile.read(1) != b"\x05":
                return
            method = 2 if ours.secret else 0
            if method not in self._counted():
                self.wfile.write(b"\x05\xff")
                return
            self.wfile.write(bytes([5, method]))
            if method:
                self.rfile.read(1)
                refused = b":".join([self._counted(), self._counted()]) != ours.secret.encode()
                self.wfile.write(bytes([1, refused]))
                if refused:
                    return
            kind = self.rfile.read(4)[3]
            host = self._counted().decode() if kind == 3 else str(ip_address(self.rfile.read(kind * 4)))
            port = int.from_bytes(self.rfile.read(2), "big")
            try:
                far = ours.reach(host, port)
            except OSError:
                self.wfile.write(b"\x05\x05\x00\x01" + bytes(6))
                return
            with far:
                self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
                _join(self.connection, far)

        def _counted(self) -> bytes:
            return self.rfile.read(self.rfile.read(1)[0])

    with _listening(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as ours.address:
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


def _join(near: socket.socket, far: socket.socket) -> None:
    """Carry both ways what is said, until one side is done."""
    # One thread for both, because a connection with TLS does not stand two.
    with suppress(OSError):
        while True:
            for source in select.select((near, far), (), ())[0]:
                if not (data := source.recv(65536)):
                    return
                (far if source is near else near).sendall(data)


def _pump(source: socket.socket, sink: socket.socket, cut: threading.Event | None = None) -> None:
    try:
        while data := source.recv(65536):
            if not (cut and cut.is_set()):
                sink.sendall(data)
        if not (cut and cut.is_set()):
            sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side is done
