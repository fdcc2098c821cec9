"""A pod's inside on this machine: busybox alone in a root of its own."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from kubecheck.probes import Answer, Question
from kubecheck.probes.script import read_answers, script
from selftest.unit.kubecheck.probes.servers import DNS_ADDRESS, SEARCH

BUSYBOX = Path("/bin/busybox")


class Pod:
    """Busybox in a mount and PID namespace of its own, as the probe pod's container has it.

    What it has left running or lying in /tmp when a script is over is in ``processes``, ``files``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("bin", "etc", "tmp", "proc", "dev"):
            (root / folder).mkdir()
        (root / "bin/busybox").write_bytes(BUSYBOX.read_bytes())
        (root / "bin/busybox").chmod(0o755)
        listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
        for applet in [*listed.stdout.split(), "no-such-applet"]:
            if applet != "busybox":
                (root / "bin" / applet).symlink_to("busybox")
        (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")
        (root / "etc/resolv.conf").write_text(
            f"search {SEARCH} svc.cluster.test\nnameserver {DNS_ADDRESS}\noptions ndots:5\n"
        )
        self.processes: list[str] = []
        self.files: list[str] = []

    def run(self, text: str, limit: float = 30) -> bytes:
        """What ``text`` prints when sh reads it from standard input, as in an exec."""
        inside = f"chroot {shlex.quote(str(self.root))} /bin/busybox env -i PATH=/bin"
        outside = (
            f"cd {shlex.quote(str(self.root))}\nmount --bind /dev dev && mount -t proc proc proc || exit 9\n"
            f"{inside} sh\n"
            f"{inside} ps -o pid,args >{shlex.quote(str(self.root.parent / 'left'))}"
        )
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", outside]
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=limit, check=True)
        listed = (self.root.parent / "left").read_text().splitlines()[1:]
        # The watcher of busybox's timeout looks once a second whether its program is still there.
        harmless = ("sh -c", "ps -o", "{ps}", "timeout ")
        self.processes = [line for line in listed if not line.split(None, 1)[1].startswith(harmless)]
        self.files = sorted(path.name for path in (self.root / "tmp").iterdir())
        return done.stdout

    def ask(self, questions: dict[str, Question], seconds: int = 1, settling: float = 0) -> dict[str, Answer]:
        """The answers to ``questions``, all asked in one script, by their names."""
        asked = list(questions.values())
        raws = read_answers(self.run(script(asked, seconds, settling)), asked)
        return {name: q.read(raws[q.key], "a pod") for name, q in questions.items() if q.key in raws}
