"""What stands behind the addresses of pods on fake nodes: it answers for whichever pod is asked.

It runs on the lab's first master by that machine's own Python, so it imports nothing of ours:
``python3 answering.py DIRECTORY API``, where DIRECTORY holds the administrator's certificate.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
import time
import urllib.request
from pathlib import Path

HTTP, UDP, GUARDED = 8080, 8081, 8082
LARGE = b"x" * 131072
RUNS = "/api/v1/pods?labelSelector=kubecheck.dev/run&resourceVersion=0"
DESTINATION = getattr(socket, "IP_PKTINFO", 8)


class Pods:
    """The pods of kubecheck's runs, by address."""

    def __init__(self, directory: Path, server: str) -> None:
        self.server = server
        self.context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        self.context.load_cert_chain(directory / "admin.crt", directory / "admin.key")
        self.names: dict[str, tuple[str, str]] = {}
        self.read = 0.0

    def told(self, address: str, client: str) -> bytes:
        """What the pod at ``address`` says of itself and of whoever asks."""
        if address not in self.names and time.monotonic() > self.read + 1:
            with urllib.request.urlopen(self.server + RUNS, context=self.context, timeout=10) as answer:  # noqa: S310
                pods = json.load(answer)["items"]
            self.names = {
                pod["status"]["podIP"]: (pod["metadata"]["namespace"], pod["metadata"]["name"])
                for pod in pods
                if pod["status"].get("podIP")
            }
            self.read = time.monotonic()
        namespace, name = self.names.get(address, ("unknown", "unknown"))
        return f"namespace={namespace} pod={name} server={address} client={client}\n".encode()


class Datagrams:
    """Answers a datagram as one TFTP data block, from the address that was asked."""

    def __init__(self, pods: Pods) -> None:
        self.pods = pods

    async def serve(self) -> None:
        """Answer for ever."""
        loop = asyncio.get_running_loop()
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.setsockopt(socket.IPPROTO_IP, DESTINATION, 1)
        listening.bind(("", UDP))
        listening.setblocking(False)
        loop.add_reader(listening.fileno(), self._answer, listening)
        await asyncio.Event().wait()

    def _answer(self, listening: socket.socket) -> None:
        _, ancillary, _, client = listening.recvmsg(2048, 128)
        asked = socket.inet_ntoa(ancillary[0][2][8:12])
        packet = [(socket.IPPROTO_IP, DESTINATION, b"\0\0\0\0" + socket.inet_aton(asked) + b"\0\0\0\0")]
        listening.sendmsg([b"\0\3\0\1" + self.pods.told(asked, client[0])], packet, 0, client)


async def main() -> None:
    """Serve until the process is ended."""
    pods = Pods(Path(sys.argv[1]), sys.argv[2])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readline()
            while (await reader.readline()).strip():
                pass
            asked, client = writer.get_extra_info("sockname")[0], writer.get_extra_info("peername")[0]
            body = LARGE if b" /large " in first else pods.told(asked, client)
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        except OSError:
            pass  # whoever asked has gone
        finally:
            writer.close()

    for port in (HTTP, GUARDED):
        await asyncio.start_server(answer, "", port, family=socket.AF_INET, backlog=4096)
    await Datagrams(pods).serve()


if __name__ == "__main__":
    asyncio.run(main())
