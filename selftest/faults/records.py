"""Records of runs against faults, kept in one archive, so that all can be judged again without a lab."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from selftest.faults.judgement import Injected
from selftest.faults.proving import Proof

ARCHIVE = Path(__file__).parent / "records.tar.xz"


@dataclass(frozen=True)
class Kept:
    """A record, and the faults that were in the lab."""

    name: str
    injected: tuple[Injected, ...]
    record: str


def keep(proofs: Iterable[Proof], folder: Path, archive: Path = ARCHIVE) -> None:
    """Put the record of each proof that is right, which lies in ``folder``/NAME, into the archive."""
    found = {kept.name: kept for kept in read(archive)} if archive.exists() else {}
    for proof in proofs:
        name = "+".join(proof.names)
        if proof.right:
            record = (folder / name / "record.json").read_text(encoding="utf-8")
            # Without its indentation; what is left compresses well beside its likes.
            found[name] = Kept(name, proof.injected, json.dumps(json.loads(record), separators=(",", ":")))
    with tarfile.open(archive, "w:xz", preset=9) as out:
        for name in sorted(found):
            kept = found[name]
            faults = [{"name": each.name, "victims": dict(each.victims)} for each in kept.injected]
            _add(out, f"{name}/faults.json", json.dumps(faults))
            _add(out, f"{name}/record.json", kept.record)


def read(archive: Path = ARCHIVE) -> Iterator[Kept]:
    """Every record in the archive."""
    with tarfile.open(archive, "r:xz") as found:
        texts = {}
        for member in found:
            file = found.extractfile(member)
            assert file is not None
            texts[member.name] = file.read().decode("utf-8")
    for path in sorted(texts):
        name, _, kind = path.rpartition("/")
        if kind == "record.json":
            faults = json.loads(texts[f"{name}/faults.json"])
            yield Kept(name, tuple(Injected(**each) for each in faults), texts[path])


def _add(out: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode("utf-8")
    member = tarfile.TarInfo(name)  # with no owner and no time: the same records are the same archive
    member.size = len(content)
    out.addfile(member, io.BytesIO(content))
