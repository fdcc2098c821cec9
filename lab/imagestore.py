"""The nodes' images: unpacked once by a containerd of its own, kept in the cache, and linked into every node.

Importing is the same work on every node; five imports take longer than the rest of a lab's start.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import fields
from pathlib import Path

from lab import cache
from lab.errors import LabError
from lab.images import Image, Images
from lab.progress import Progress

START_SECONDS = 30.0
STOP_SECONDS = 10.0
CONFIGURATION = """\
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing"]
root = "{store}"
state = "{state}"
[grpc]
  address = "{state}/containerd.sock"
"""


def unpacked(images: Images, progress: Progress) -> Path:
    """The directory that a containerd holding all the images had as its root."""
    every = [getattr(images, field.name) for field in fields(images)]
    # The archives' own names are keys of their contents.
    key = cache.digest(*(f"{image.reference} {image.archive}" for image in every))
    return (
        cache.entry(
            f"image-store-{key}",
            lambda directory: _unpack(every, directory),
            "unpacking the images",
            progress,
        )
        / "store"
    )


def _unpack(images: list[Image], directory: Path) -> None:
    state = directory / "run"
    state.mkdir()
    configuration = state / "config.toml"
    configuration.write_text(CONFIGURATION.format(store=directory / "store", state=state))
    # Namespaces of its own: nothing that it mounts or leaves running outlives it.
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    log = state / "log"
    with log.open("wb") as output:
        containerd = subprocess.Popen(
            [*command, "containerd", "--config", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        socket = str(state / "containerd.sock")
        deadline = time.monotonic() + START_SECONDS
        while _ctr(socket, "version").returncode:
            if containerd.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(log.read_text().splitlines()[-5:])
                raise LabError(f"containerd does not start: {tail}")
            time.sleep(0.1)  # its socket answers some time after it is there
        for image in images:
            load(socket, image)
    finally:
        # unshare blocks SIGTERM; containerd, its one child, takes it and closes its databases.
        for child in Path(f"/proc/{containerd.pid}/task/{containerd.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        containerd.wait()
    shutil.rmtree(state)


def load(socket: str, image: Image) -> None:
    """Import an image into the containerd that listens there."""
    done = _ctr(socket, "images", "import", str(image.archive))
    if done.returncode:
        raise LabError(f"containerd refuses the image {image.archive}: {done.stderr.strip()}")


def _ctr(socket: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["ctr", "--address", socket, "--namespace", "k8s.io", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def place(store: Path, root: Path) -> None:
    """Give a node the unpacked images as its containerd's root directory.

    Layers and blobs never change once they are there, so hard links serve; databases do change.
    """
    if root.exists():
        root.rmdir()
    linked = subprocess.run(["cp", "-a", "--link", str(store), str(root)], capture_output=True, check=False)
    if linked.returncode:  # the cache is on another file system
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", str(store), str(root)], check=True)
    for database in (*root.glob("*/*.db"),):
        own = database.with_suffix(".own")
        shutil.copyfile(database, own)
        own.replace(database)
