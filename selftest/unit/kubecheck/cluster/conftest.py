"""An API server of the test's own on loopback, and kubeconfigs that lead to it."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from kubecheck.cluster.connection import connect


class Answers(BaseHTTPRequestHandler):
    """Gives what the test has put into ``server.pages`` for a path, and notes what was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        self.server.asked.append((self.command, asked.path, query, body, self.headers.get("Authorization")))
        self.server.headers.append(self.headers)
        page = self.server.pages.get(asked.path, (404, {"reason": "NotFound", "message": "no such thing"}))
        status, answer = page(query) if callable(page) else page
        if isinstance(answer, Callable):
            answer(self)
            return
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test's output is pytest's."""


@pytest.fixture
def server():
    """An HTTP server; ``pages`` maps a path to (status, body), or to a function of the query."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        listening.daemon_threads = True
        listening.block_on_close = False
        listening.pages = {}
        listening.asked = []
        listening.headers = []
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def streams():
    """Makes an answer that becomes a stream: ``hear`` gets what the client sends, then come ``frames``."""

    def make(*frames, close=True, hear=lambda data: None):
        def answer(handler):
            key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
            handler.close_connection = True
            handler.send_response(101)
            handler.send_header("Upgrade", "websocket")
            handler.send_header("Connection", "Upgrade")
            handler.send_header(
                "Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            )
            handler.end_headers()
            _, length = handler.rfile.read(2)
            mask, data = handler.rfile.read(4), handler.rfile.read(length & 127)
            hear(bytes(byte ^ mask[number % 4] for number, byte in enumerate(data)))
            for frame in frames:
                handler.wfile.write(bytes([0x82, len(frame)]) + frame)
            if close:
                handler.wfile.write(b"\x88\x00")

        return 101, answer

    return make


def kubeconfig_body(name="one", port=1, token="secret"):
    """A kubeconfig whose cluster, user and context are all called ``name``."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }


@pytest.fixture
def kubeconfig(tmp_path):
    """Writes a kubeconfig (or any bytes) and returns its path."""

    def write(content=None, file="kubeconfig", **changes):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = yaml.safe_dump(kubeconfig_body(**changes) if content is None else content).encode()
        path.write_bytes(content)
        return str(path)

    return write


@pytest.fixture
def api(server, kubeconfig):
    """A connection to ``server``, made as a run makes it."""
    return connect(kubeconfig(port=server.server_port), None)
