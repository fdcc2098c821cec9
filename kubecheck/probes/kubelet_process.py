"""The kubelet's process: its flags, and a misspelt field in its configuration file."""

from __future__ import annotations

from dataclasses import dataclass

from kubecheck.outcomes import CannotTell
from kubecheck.probes.host import HOST, each_process, flags, last, read_flags
from kubecheck.probes.question import Answer, Question, Raw

MISSPELT = "rotateServerCertificates"
NO_PROCESS = 3


@dataclass(frozen=True)
class KubeletProcess(Question):
    """The flags called ``flags``, and whether the file that --config names has the misspelt field."""

    flags: tuple[str, ...]

    @property
    def key(self) -> str:
        """``flags of the kubelet: NAME, NAME``."""
        return f"flags of the kubelet: {', '.join(self.flags)}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - it reads local files
        """Prints the flags, then ``misspelt`` or ``unreadable`` where the file is so."""
        file = (
            f'config=$(echo "$said" | {last("config")});'
            f' if [ -n "$config" ] && [ ! -r "{HOST}$config" ]; then echo "unreadable $config";'
            f""" elif [ -n "$config" ] && grep -Eq '^ *"?{MISSPELT}"?:' "{HOST}$config";"""
            ' then echo "misspelt $config"; fi'
        )
        body = f'said=$({flags("config", "rotate-server-certificates", *self.flags)}); echo "$said"; {file}'
        return each_process("kubelet", "*kube*", body)

    def read(self, raw: Raw, origin: str) -> KubeletProcessAnswer:
        """The answer in ``raw``."""
        found = dict(line.partition(" ")[::2] for line in raw.text.splitlines())
        return KubeletProcessAnswer(
            self, origin, raw,
            flags=read_flags(raw.text),
            misspelt=found.get("misspelt", ""),
            unreadable=found.get("unreadable", ""),
        )  # fmt: skip


@dataclass(frozen=True)
class KubeletProcessAnswer(Answer):
    """The flags; the configuration file that has the misspelt field, or that could not be read."""

    flags: dict[str, str]
    misspelt: str
    unreadable: str

    def must_be_found(self) -> None:
        """A kubelet's process was seen. Raises CannotTell: one that is part of another program has none."""
        if self.raw.status == NO_PROCESS:
            raise CannotTell(f"{self.origin}: no process called kubelet runs on the node")
        if self.raw.status != 0:
            raise CannotTell(self.told("the kubelet's command line"))
