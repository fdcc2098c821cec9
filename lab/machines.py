"""A machine of the lab: network, mount, pid, uts, ipc and cgroup namespaces around a root filesystem.

Nothing of it lives outside its processes and its directory: with the processes go its interfaces and mounts.
"""

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from lab import cgroups
from lab.errors import LabError
from lab.processes import Process
from lab.state import ComponentRecord, MachineRecord, Record, State

BOOT = Path(__file__).parent / "boot.sh"
ENVIRONMENT = {
    "PATH": "/opt/kubernetes/bin:/usr/local/sbin:/usr/sbin:/usr/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
BOOT_SECONDS = 30.0
START_SECONDS = 10.0
STOP_SECONDS = 10.0
LOG_TAIL = 8  # lines


class Machine:
    """One machine, running or about to be booted, kept in ``record``."""

    def __init__(self, state: State, record: Record, name: str) -> None:
        self.state = state
        self.record = record
        self.name = name
        self.root = state.root(name)
        self.cgroup = f"{state.cgroup}/{name}"

    @property
    def _machine(self) -> MachineRecord:
        return self.record.machines[self.name]

    @property
    def init(self) -> Process:
        """The process that holds the namespaces."""
        return self._machine.init

    def boot(self, files: dict[Path, str]) -> None:
        """Make the namespaces over the prepared root filesystem; ``files`` are mounted from the host."""
        cgroups.create(self.cgroup)
        for target in files.values():
            mount_point = self.root / target.lstrip("/")
            mount_point.parent.mkdir(parents=True, exist_ok=True)
            mount_point.touch()
        unshare = [
            "unshare",
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--cgroup",
            "--pid",
            "--fork",
            "--kill-child",
        ]
        binds = [f"{source}={target}" for source, target in files.items()]
        log = self.state.log(self.name, "boot")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            holder = subprocess.Popen(
                self._joined(self.cgroup, [*unshare, "bash", str(BOOT), self.name, str(self.root), *binds]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        assert holder.stdout is not None
        with holder.stdout as lines:
            in_time = select.select([lines], [], [], BOOT_SECONDS)[0]
            ready = bool(in_time) and lines.readline().strip() == b"ready"
        children = Process.of(holder.pid)
        init = children.children()[0] if ready and children else None
        if init is None:
            raise LabError(f"The machine {self.name} did not boot: {self.log_tail('boot')}")
        for hierarchy in cgroups.hierarchies():
            (hierarchy / cgroups.leaf(self.cgroup) / "cgroup.procs").write_text(str(holder.pid))
        with self.state.changing(self.record):
            self.record.machines[self.name] = MachineRecord(init)

    def entering(self, argv: list[str]) -> list[str]:
        """The host's command line that runs ``argv`` inside the machine."""
        nsenter = ["nsenter", "--target", str(self.init.pid), "--all", "--"]
        return self._joined(cgroups.leaf(self.cgroup), [*nsenter, *argv])

    def run(
        self, argv: list[str], stdin: str | None = None, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and collect what it prints; TimeoutExpired when it had to be killed."""
        self._require_running()
        process = subprocess.Popen(
            self.entering(argv),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        with process:
            try:
                output, errors = process.communicate(stdin, timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # nsenter and, inside, its child
                raise
        return subprocess.CompletedProcess(argv, process.returncode, output, errors)

    def check(self, argv: list[str], stdin: str | None = None) -> str:
        """Run a command inside that must succeed; what it printed."""
        done = self.run(argv, stdin, timeout=60)
        if done.returncode:
            raise LabError(f"`{' '.join(argv)}` failed on {self.name}: {done.stderr.strip()}")
        return done.stdout

    def check_on_host(self, argv: list[str]) -> None:
        """Run a command of the host, that must succeed, in the machine's network namespace only."""
        nsenter = ["nsenter", "--target", str(self.init.pid), "--net", "--"]
        done = subprocess.run([*nsenter, *argv], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"`{' '.join(argv)}` failed at {self.name}: {done.stderr.strip()}")

    def start(self, name: str, argv: list[str], ports: list[int] | None = None) -> None:
        """Start a component and keep in the record how, so that ``restart`` can do it again."""
        with self.state.changing(self.record):
            self._machine.components[name] = ComponentRecord(argv, None, ports or [])
        self.restart(name)

    def restart(self, name: str) -> None:
        """Start a component that does not run, with its recorded command line and loopback ports."""
        self._require_running()
        component = self.component(name)
        if component.process and component.process.alive:
            return
        log = self.state.log(self.name, name)
        log.parent.mkdir(parents=True, exist_ok=True)
        listeners = [_listen(port) for port in component.ports]
        with log.open("ab") as output:
            holder = subprocess.Popen(
                self.entering([_numbered(word, listeners) for word in component.argv]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=ENVIRONMENT,
                pass_fds=[listener.fileno() for listener in listeners],
            )
        for listener in listeners:
            listener.close()
        process = self._inner(name, holder)
        with self.state.changing(self.record):
            component.process = process

    def _inner(self, name: str, holder: "subprocess.Popen[bytes]") -> Process:
        """The process inside: nsenter's child, once it is there."""
        outer = Process.of(holder.pid)
        deadline = time.monotonic() + START_SECONDS
        while outer and outer.alive and time.monotonic() < deadline:
            if children := outer.children():
                return children[0]
            time.sleep(0.002)  # a fork is announced to nobody
        holder.poll()
        raise LabError(f"{name} on {self.name} did not start: {self.log_tail(name)}")

    def stop(self, name: str) -> None:
        """End a component: SIGTERM, and SIGKILL when that does not help."""
        component = self.component(name)
        if component.process:
            component.process.end(STOP_SECONDS)
            with self.state.changing(self.record):
                component.process = None

    def forget(self, name: str) -> None:
        """End a component that is no part of the lab for good, and strike it off the record."""
        if name in self._machine.components:
            self.stop(name)
            with self.state.changing(self.record):
                del self._machine.components[name]

    def component(self, name: str) -> ComponentRecord:
        """A component's record; LabError for one that the machine does not have."""
        components = self._machine.components
        if name not in components:
            raise LabError(f"{self.name} has no component {name!r}; it has {', '.join(components)}.")
        return components[name]

    def require_components(self) -> None:
        """Raise LabError with the end of its log when a component that was started has ended."""
        for name, component in list(self._machine.components.items()):
            if component.process and not component.process.alive:
                raise LabError(
                    f"{name} on {self.name} has ended; the last lines of its log: {self.log_tail(name)}"
                )

    def log_tail(self, name: str) -> str:
        """The last lines of a component's log, and where it is."""
        path = self.state.log(self.name, name)
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(["", *(f"    {line}" for line in lines[-LOG_TAIL:]), f"    (from {path})"])

    def freeze(self, name: str) -> None:
        """Stop a component where it is; it keeps its sockets."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen component go on."""
        self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        process = self.component(name).process
        if process is None or not process.alive:
            raise LabError(f"{name} on {self.name} does not run.")
        process.signal(number)

    def _require_running(self) -> None:
        if not self.init.alive:
            raise LabError(f"The machine {self.name} does not run; see `python -m lab status`.")

    @staticmethod
    def _joined(cgroup: str, argv: list[str]) -> list[str]:
        return ["sh", "-c", f'{cgroups.joining(cgroup)} && exec "$@"', "sh", *argv]


def _listen(port: int) -> socket.socket:
    """A listening socket on the host's loopback: it stays there whatever namespace its user lives in."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise LabError(
            f"The lab's loopback port {port} is taken by another program: {error.strerror}."
        ) from error
    listener.listen(512)
    return listener


def _numbered(word: str, listeners: list[socket.socket]) -> str:
    """Put the numbers of inherited sockets in the place of {0}, {1}, ... in a command line."""
    for number, listener in enumerate(listeners):
        word = word.replace(f"{{{number}}}", str(listener.fileno()))
    return word
