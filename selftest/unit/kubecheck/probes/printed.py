"""What a script of questions prints, without a pod."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Mapping

from kubecheck.probes.script import MARKER


def printed(ticks: str = "", *, output: str = "x", **told: str) -> bytes:
    """The output where each question printed ``output``.

    ``told`` is the line of each in the list of answers, without its number: status, tries, start and end,
    and the same around doing nothing.
    """
    answers = "".join(f"{number} {line}\n" for number, line in enumerate(told.values()))
    outs = {f"out.{number}": output for number in range(len(told))}
    return archived({"ticks": ticks, "answers": answers} | outs)


def archived(files: Mapping[str, str]) -> bytes:
    """The output whose archive holds ``files``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
    return MARKER.encode() + b"\n" + base64.encodebytes(packed.getvalue())
