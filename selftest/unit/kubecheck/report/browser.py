"""Debian's chromium, led by its own protocol over two pipes: no port, no driver, no network."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import b64decode
from contextlib import contextmanager, suppress

CHROMIUM = shutil.which("chromium")
# Its own traffic (updates, time, components) is none of the page's, and there must be none at all.
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-extensions", "--disable-breakpad",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe",
)  # fmt: skip


class Page:
    """The one open page."""

    def __init__(self, read, write):
        self._read, self._write, self._number, self._session = read, write, 0, None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """What the browser answers; events that come before the answer are kept."""
        self._number += 1
        body = {"id": self._number, "method": method, "params": params}
        if self._session:
            body["sessionId"] = self._session
        self._write.write(json.dumps(body).encode() + b"\0")
        self._write.flush()
        while (said := self._next()).get("id") != self._number:
            self.events.append(said)
        assert "error" not in said, said
        return said["result"]

    def open(self, url, width, height=900, dark=False):
        """Show ``url`` in a window of this width, and wait until it is loaded."""
        self.events.clear()
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        while not self.named("Page.loadEventFired"):
            self.events.append(self._next())

    def evaluate(self, script):
        """The value of a JavaScript expression in the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def named(self, *methods):
        """Events with one of these names since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") in methods]

    def picture(self, path, whole=False):
        """Write a PNG of what is seen, or of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(b64decode(shot["data"]))

    def pdf(self):
        """The page as it prints."""
        return b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _next(self):
        body = bytearray()
        while (byte := self._read.read(1)) != b"\0":
            assert byte, "chromium ended before it answered"
            body += byte
        return json.loads(body)


@contextmanager
def chromium():
    """A browser with one page; it and what it wrote are gone afterwards."""
    their_read, our_write = os.pipe()
    our_read, their_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="kubecheck-browser-") as profile:
        # The protocol is spoken on descriptors 3 and 4.
        script = f'exec "$0" "$@" 3<&{their_read} 4>&{their_write}'
        process = subprocess.Popen(
            ["bash", "-c", script, CHROMIUM, *QUIET, f"--user-data-dir={profile}"],
            pass_fds=(their_read, their_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": profile}, start_new_session=True,
        )  # fmt: skip
        os.close(their_read)
        os.close(their_write)
        try:
            with os.fdopen(our_read, "rb") as read, os.fdopen(our_write, "wb") as write:
                yield Page(read, write)
        finally:
            _end(process)


def _end(process):
    """End it with all processes that it started: one that lives on writes into the folder that is removed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.02)
