"""Servers on loopback for the questions to ask: HTTP, and DNS over UDP and TCP."""

from __future__ import annotations

import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

# nslookup speaks to port 53 only. Every address in 127/8 is loopback: each process takes one of its own.
DNS_ADDRESS = f"127.53.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
IDENTITY = "namespace=kubecheck-r1 pod=probe-node1 server=10.244.1.5 client=10.244.2.7\n"
SEARCH = "ns1.svc.cluster.test"


class Pages(BaseHTTPRequestHandler):
    """Our identity at /, other things elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, IDENTITY.encode())
        elif self.path == "/stranger":
            self._answer(200, b"<html>Welcome to nginx! a=b</html>")
        elif self.path == "/binary":
            self._answer(200, bytes(range(256)) * 4)
        elif self.path == "/broken":
            self._answer(500, b"boom")
        else:
            self._answer(404, b"not here")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test's output is pytest's."""


def reply_to(wire: bytes) -> bytes | None:
    """The DNS server's reply: the first label says what becomes of a query, search path or not."""
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name = question.name.to_text()
    reply = dns.message.make_response(query)
    addresses = {
        "one.test.": ["10.96.0.1"],
        "two.test.": ["10.96.0.1", "10.96.0.2"],
        f"probe.{SEARCH}.": ["127.0.0.1"],
        "kubernetes.default.svc.cluster.test.": ["127.0.0.1"],
    }.get(name)
    if name == "silent.test.":
        return None
    if name == "refused.test.":
        reply.set_rcode(dns.rcode.REFUSED)
    elif name == "broken.test.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif name == "alias.test." and question.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(name, 5, "IN", "CNAME", "one.test."))
        reply.answer.append(dns.rrset.from_text("one.test.", 5, "IN", "A", "10.96.0.1"))
    elif addresses and question.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(name, 5, "IN", "A", *addresses))
    elif not addresses and name != "empty.test.":
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


class OverUdp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, listener = self.request
        reply = reply_to(wire)
        if reply is not None:
            listener.sendto(reply, self.client_address)


class OverTcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.settimeout(10)
        wire = self.request.makefile("rb").read(int.from_bytes(self.request.recv(2), "big"))
        if b"\x07garbage\x04test" in wire:
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        reply = reply_to(wire)
        if reply is None:
            self.request.recv(1)  # says nothing until the client has gone
            self.server.gone.wait(10)
        else:
            self.request.sendall(len(reply).to_bytes(2, "big") + reply)


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64  # all questions come at once
    daemon_threads = True
    block_on_close = False
    gone = threading.Event()


class HttpServer(ThreadingHTTPServer):
    request_queue_size = 64
    block_on_close = False


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[socketserver.BaseServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
