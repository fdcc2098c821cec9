"""Which disk something lies on: mounts and rotational flags, as the kernel tells them."""

from __future__ import annotations

from dataclasses import dataclass

from kubecheck.outcomes import CannotTell
from kubecheck.probes.host import HOST, each_process, flags, last
from kubecheck.probes.question import Answer, Question, Raw

# mount FILE PATH: the mount that holds PATH, the deepest one and of those the last, from a mountinfo file.
# disks DEVICE: the whole disks below a block device, through partitions, LVM, RAID and encryption.
# tell WHAT FILE PATH: one line, WHAT|PATH|filesystem|source|disk:rotational ...
# final PATH: where a symbolic link at its end leads.
_FUNCTIONS = f"""\
mount() {{ awk -v p="$2" '
  $5 == "/" || $5 == p || index(p, $5 "/") == 1 {{
    if (length($5) < deepest) next
    deepest = length($5); for (i = 6; $i != "-"; i++); said = $3 " " $(i + 1) " " $(i + 2)
  }}
  END {{ print said }}' "$1"; }}
disks() {{ (
  d=$(readlink -f "/sys/dev/block/$1"); [ -d "$d" ] || exit 0
  if [ -f "$d/partition" ]; then d=${{d%/*}}; fi
  n=0; for s in "$d"/slaves/*; do [ -e "$s/dev" ] || continue; n=1; disks "$(cat "$s/dev")"; done
  [ $n = 1 ] || echo "${{d##*/}}:$(cat "$d/queue/rotational")"
); }}
tell() {{
  set -- "$1" "$3" $(mount "$2" "$3"); dev=${{3:-none}}; name=$(readlink -f "{HOST}$5")
  case "$dev" in 0:*) dev=$(cat "/sys/class/block/${{name##*/}}/dev" 2>/dev/null);; esac
  echo "$1|$2|$4|$5|$(disks "${{dev:-none}}" | sort -u | tr '\\n' ' ')"
}}
final() {{ f=$1; l=$(readlink "{HOST}$f"); case "$l" in /*) f=$l;; ?*) f=${{f%/*}}/$l;; esac; echo "$f"; }}
"""

# A configuration file takes the place of all flags: https://etcd.io/docs/v3.6/op-guide/configuration/
_ETCD = f"""\
said=$({flags("data-dir", "config-file")})
dir=$(echo "$said" | {last("data-dir")})
file=$(echo "$said" | {last("config-file")})
if [ -n "$file" ] && [ ! -r "{HOST}$file" ]; then echo "unreadable|$file"; dir=
elif [ -n "$file" ]; then dir=$(sed -n 's/^data-dir: *//p' "{HOST}$file" | tr -d "\\"' "); fi
case "$dir" in /*) tell etcd "$p/mountinfo" "$dir";; *) echo "unknown|$dir";; esac"""


@dataclass(frozen=True)
class Disks(Question):
    """The disks under the root filesystem, under etcd's data, and under ``runtime``, a folder."""

    runtime: str

    @property
    def key(self) -> str:
        """``disks of the system, etcd and FOLDER``."""
        return f"disks of the system, etcd and {self.runtime}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - it reads local files
        """One line for each; etcd's from its own mounts, so that it may run in a pod."""
        return (
            f"{_FUNCTIONS} tell system {HOST}/proc/1/mountinfo /\n"
            f'tell runtime {HOST}/proc/1/mountinfo "$(final {self.runtime})"\n'
            f"({each_process('etcd', 'etcd*', _ETCD)}) || [ $? -eq 3 ]"
        )

    def read(self, raw: Raw, origin: str) -> DisksAnswer:
        """The answer in ``raw``."""
        places: list[Place] = []
        unknown = ""
        for line in raw.text.splitlines():
            fields = line.split("|")
            if len(fields) == 5:
                what, folder, filesystem, source, said = fields
                disks = dict(part.rpartition(":")[::2] for part in said.split())
                rotates = {name: flag == "1" for name, flag in disks.items()}
                places.append(Place(what, folder, filesystem, source, rotates))
            elif fields[0] == "unreadable":
                unknown = f"etcd's configuration file {fields[1]} could not be read"
            elif fields[0] == "unknown" and not unknown:
                unknown = "etcd's command line does not say where its data lies"
        return DisksAnswer(self, origin, raw, tuple(places), unknown)


@dataclass(frozen=True)
class Place:
    """Where a folder lies; ``disks`` maps each disk below it to whether it rotates, empty without a disk."""

    what: str
    folder: str
    filesystem: str
    source: str
    disks: dict[str, bool]

    def __str__(self) -> str:
        """The folder and its disks, in words."""
        disks = [f"{name}{' (rotating)' if rotates else ''}" for name, rotates in self.disks.items()]
        return (
            f"{self.folder} on {' and '.join(disks) or f'{self.filesystem} {self.source}, which is no disk'}"
        )


@dataclass(frozen=True)
class DisksAnswer(Answer):
    """The places that were found: "system", "runtime", and an "etcd" for each process of etcd.

    ``unknown`` says why an etcd's place is not among them.
    """

    places: tuple[Place, ...]
    unknown: str

    @property
    def has_etcd(self) -> bool:
        """Whether etcd runs on the node. Raises CannotTell when that was not seen."""
        self._must_be_read()
        return bool(self.unknown) or any(place.what == "etcd" for place in self.places)

    def must_be_apart(self, what: str, name: str) -> None:
        """What is called ``what`` shares no disk with the system; ``name`` is for people."""
        system = self._found("system")[0]
        for place in self._found(what):
            shared = ", ".join(sorted(place.disks.keys() & system.disks.keys()))
            if shared:
                raise AssertionError(
                    f"{self.origin}: {name} ({place}) and the system share the disk {shared}"
                )

    def must_not_rotate(self, what: str, name: str) -> None:
        """No disk under what is called ``what`` rotates."""
        for place in self._found(what):
            if any(place.disks.values()):
                raise AssertionError(f"{self.origin}: {name} lies on a disk that rotates: {place}")

    def _must_be_read(self) -> None:
        # A file that cannot be read says nothing about the cluster.
        if self.raw.status != 0:
            raise CannotTell(self.told("the mounts of the node"))

    def _found(self, what: str) -> list[Place]:
        self._must_be_read()
        found = [place for place in self.places if place.what == what]
        without = [str(place) for place in found if not place.disks]
        if without or self.unknown or not found:
            raise CannotTell(f"{self.origin}: {', '.join(without) or self.unknown or f'no {what} was found'}")
        return found
