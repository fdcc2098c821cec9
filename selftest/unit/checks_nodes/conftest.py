"""A made-up node, as a folder: its /proc, /sys and files, and questions asked of it for real."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kubecheck.probes import Raw

BUSYBOX = shutil.which("busybox")


@pytest.fixture(scope="session")
def applets(tmp_path_factory):
    """A folder with nothing but busybox's applets."""
    if BUSYBOX is None:
        pytest.skip("busybox is not installed")
    folder = tmp_path_factory.mktemp("applets")
    for name in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True).stdout.split():
        (folder / name).symlink_to(BUSYBOX)
    return folder


class MadeUpNode:
    """Files under a folder that stands for the node's root."""

    def __init__(self, root: Path, applets: Path) -> None:
        self.root = root
        self.applets = applets
        (root / "proc").mkdir()

    def write(self, path, text):
        file = self.root / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def link(self, path, target):
        file = self.root / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    def process(self, pid, comm, *arguments, mountinfo=""):
        self.write(f"/proc/{pid}/comm", f"{comm}\n")
        self.write(f"/proc/{pid}/cmdline", "".join(f"{argument}\0" for argument in arguments))
        self.write(f"/proc/{pid}/mountinfo", mountinfo)

    def ask(self, question):
        """The answer to ``question``, asked by busybox with this node's files at /host and /sys."""
        line = re.sub(r"/host(?=[/$\"])", str(self.root), question.shell(3))
        line = line.replace('"/sys/', f'"{self.root}/sys/')
        done = subprocess.run(
            [str(self.applets / "sh"), "-c", line],
            env={"PATH": str(self.applets)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
        )
        return question.read(Raw(done.returncode, done.stdout, 0.1), "node node1 (host network)")


@pytest.fixture
def machine(tmp_path, applets):
    return MadeUpNode(tmp_path, applets)
