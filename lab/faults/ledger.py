"""Which faults are in a lab, with their victims, and what each has to put back: faults.json in its directory.

It is written before anything is changed, so that any later process can heal what this one has broken.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lab.errors import LabError
from lab.handle import Lab


@dataclass(frozen=True)
class Entry:
    """A fault that is, or may be, in the lab."""

    victims: dict[str, str]
    seed: int
    phase: Literal["injecting", "in effect"] = "injecting"


class Ledger:
    """A lab's faults.json. Each call reads and writes the file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "faults.json"

    @classmethod
    def of(cls, lab: Lab) -> "Ledger":
        """The one of this lab."""
        return cls(lab.directory)

    def entries(self) -> dict[str, Entry]:
        """By the fault's name, the oldest first."""
        return {name: Entry(**fields) for name, fields in self._read()["faults"].items()}

    def several(self) -> bool:
        """Whether more faults than one are in, so that healing one does not make the lab well."""
        return len(self._read()["faults"]) > 1

    def write(self, fault: str, entry: Entry) -> None:
        """Remember a fault; an older entry of it is replaced in its place."""
        content = self._read()
        content["faults"][fault] = asdict(entry)
        self._write(content)

    def keep(self, fault: str, key: str, value: Any) -> None:
        """Remember what a fault is about to change; what was kept first stays, for only that is unspoilt."""
        content = self._read()
        kept = content["kept"].setdefault(fault, {})
        if key not in kept:
            kept[key] = value
            self._write(content)

    def kept(self, fault: str) -> Mapping[str, Any]:
        """Everything that was kept for a fault."""
        kept: dict[str, Any] = self._read()["kept"].get(fault, {})
        return kept

    def remove(self, fault: str) -> None:
        """Forget a fault that was healed, and what was kept for it."""
        content = self._read()
        content["faults"].pop(fault, None)
        content["kept"].pop(fault, None)
        self._write(content)

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {"faults": {}, "kept": {}}
        try:
            content: dict[str, dict[str, Any]] = json.loads(self._path.read_text())
        except ValueError as error:
            raise LabError(f"{self._path} is damaged: take the lab down and bring it up anew.") from error
        return content

    def _write(self, content: dict[str, dict[str, Any]]) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.touch(mode=0o600)  # what is kept may be a Secret
        temporary.write_text(json.dumps(content, indent=1) + "\n")
        temporary.replace(self._path)
