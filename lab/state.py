"""What a lab leaves on disk: its directory, the record of what runs, and the lock.

``$KUBECHECK_LAB_DIR/<name>`` (else /var/lib/kubecheck-lab/<name>) holds lab.json, kubeconfig, policy.toml,
pki/, logs/<machine>/<component>.log and machines/<machine>/root, a machine's root filesystem.
"""

import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from lab.errors import LabError
from lab.processes import Process
from lab.settings import Settings


@dataclass
class ComponentRecord:
    """A program of a machine: how it is started, and the process it is now, if it runs."""

    argv: list[str]
    process: Process | None = None
    ports: list[int] = field(default_factory=list)  # on the host's loopback, handed over as open sockets


@dataclass
class MachineRecord:
    """A machine: the process that holds its namespaces, and its programs."""

    init: Process
    components: dict[str, ComponentRecord] = field(default_factory=dict)


@dataclass
class Record:
    """lab.json."""

    settings: Settings
    phase: Literal["starting", "up"] = "starting"
    machines: dict[str, MachineRecord] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)  # "vip" or a master's name: its loopback port

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"settings": self.settings.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The record that ``to_json`` made; KeyError, TypeError or ValueError when it is no such thing."""
        machines = {
            name: MachineRecord(
                Process(**machine["init"]),
                {
                    component: ComponentRecord(
                        fields["argv"],
                        Process(**fields["process"]) if fields["process"] else None,
                        fields["ports"],
                    )
                    for component, fields in machine["components"].items()
                },
            )
            for name, machine in data["machines"].items()
        }
        return cls(Settings.from_json(data["settings"]), data["phase"], machines, data["ports"])


class State:
    """A lab's directory."""

    def __init__(self, name: str) -> None:
        self.name = name
        chosen = os.environ.get("KUBECHECK_LAB_DIR")
        self.parent_is_ours = not chosen
        self.directory = Path(chosen or "/var/lib/kubecheck-lab").absolute() / name
        # With the directory's hash: labs of one name in two directories must not take each other's processes.
        self.cgroup = f"kubecheck-{name}-{hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]}"
        self._saving = threading.Lock()

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's, for use on the host."""
        return self.directory / "kubeconfig"

    @property
    def policy(self) -> Path:
        """The policy file that kubecheck judges this lab by."""
        return self.directory / "policy.toml"

    @property
    def pki(self) -> Path:
        """The authorities and certificates."""
        return self.directory / "pki"

    def root(self, machine: str) -> Path:
        """A machine's root filesystem, as the host sees it."""
        return self.directory / "machines" / machine / "root"

    @property
    def logs(self) -> Path:
        """A directory a machine, with a file a component."""
        return self.directory / "logs"

    def log(self, machine: str, component: str) -> Path:
        """Where a component writes."""
        return self.logs / machine / f"{component}.log"

    @contextmanager
    def changing(self, record: Record) -> Iterator[None]:
        """Change the record in the block and save it afterwards; threads take turns."""
        with self._saving:
            yield
            temporary = self.directory / "lab.json.new"
            temporary.write_text(json.dumps(record.to_json(), indent=1) + "\n")
            temporary.replace(self.directory / "lab.json")

    def load(self) -> Record | None:
        """The record, or None where there is none; LabError when it is damaged."""
        try:
            return Record.from_json(json.loads((self.directory / "lab.json").read_text()))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError, AttributeError, LabError) as error:
            raise LabError(
                f"{self.directory / 'lab.json'} is damaged or of another release; "
                f"run `python -m lab down --name {self.name}` first."
            ) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lab for one `lab` command; when the holder dies, however it dies, the kernel lets go."""
        with socket.socket(socket.AF_UNIX) as lock:
            try:
                lock.bind(f"\0{self.cgroup}")
            except OSError as error:
                raise LabError(
                    f"Another `lab` command is at work on the lab {self.name!r}; wait for it or end it."
                ) from error
            yield
