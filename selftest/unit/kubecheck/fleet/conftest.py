"""The API server of the tests of `cluster` on loopback, and what makes a WebSocket of one of its answers."""

import base64
import hashlib

import pytest

from selftest.unit.kubecheck.cluster.conftest import api, kubeconfig, server  # noqa: F401 - fixtures


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
