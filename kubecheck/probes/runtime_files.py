"""The container runtime's configuration files, as far as they are judged."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubecheck.input import parse_json
from kubecheck.outcomes import CannotTell
from kubecheck.probes.host import HOST, each_process, flags, last, read_flags
from kubecheck.probes.question import Answer, Question, Raw

Json = Mapping[str, Any]

# Only these leave the node: daemon.json may hold tokens of a log driver or a proxy's password,
# config.toml the credentials of a registry. Credentials in a mirror's own URL are cut out.
_DOCKER = (
    r'"(registry-mirrors|exec-opts)" *: *\[[^]]*\]|"(max-concurrent-(down|up)loads)" *: *[0-9]+|'
    r'"(live-restore)" *: *(true|false)|"(log-driver|max-size|max-file|data-root)" *: *"[^"]*"'
)
_CONTAINERD = (
    "version|imports|root|SystemdCgroup|systemd_cgroup|max_concurrent_downloads|config_path|endpoint|"
    "default_runtime_name"
)
_NO_CREDENTIALS = "sed 's#//[^/@\"]*@#//#g'"

_DOCKER_SHELL = f"""\
said=$({each_process("dockerd", "dockerd", flags("config-file", "live-restore", "exec-opt"))})
echo "$said"
file=$(echo "$said" | {last("config-file")})
file={HOST}${{file:-/etc/docker/daemon.json}}
if [ -f "$file" ]; then
  [ -r "$file" ] || {{ echo "permission denied: $file"; exit 1; }}
  tr '\\n\\t' '  ' <"$file" | grep -oE '{_DOCKER}' | {_NO_CREDENTIALS}
fi
[ ! -f {HOST}/sys/fs/cgroup/cgroup.controllers ] || echo "cgroup v2"
"""

# kept FILE: the tables' names and the lines of the keys above. A list may go on over several lines.
# words: the strings in a TOML value.
_CONTAINERD_SHELL = f"""\
kept() {{ awk -v keys='^[[:space:]]*([^=#]*[.])?({_CONTAINERD})[[:space:]]*=' '
  more {{ print; if (index($0, "]")) more = 0; next }}
  /^[[:space:]]*\\[/ {{ print; next }}
  $0 ~ keys {{ print; if ($0 ~ /=[[:space:]]*\\[[^]]*$/) more = 1 }}' "$1" | {_NO_CREDENTIALS}; }}
words() {{ tr -d "\\"' []" | tr ',:' '  '; }}
said=$({each_process("containerd", "containerd", flags("config", "c"))})
file=$(echo "$said" | {last("c[a-z]*")})
file=${{file:-/etc/containerd/config.toml}}
imports=$(kept "{HOST}$file" 2>/dev/null | sed -n 's/^ *imports *= *//p' | words)
for f in "$file" $imports; do
  for g in {HOST}$f; do
    [ -f "$g" ] || continue
    [ -r "$g" ] || {{ echo "permission denied: $g"; exit 1; }}
    echo "file ${{g#{HOST}}}"; kept "$g"
  done
done
for d in $(kept "{HOST}$file" 2>/dev/null | sed -n 's/^.*config_path *= *//p' | words); do
  cat {HOST}$d/*/hosts.toml 2>/dev/null | grep -oE '^ *\\[host\\."[^"]+"\\]' | {_NO_CREDENTIALS} |
    sed 's/.*"\\(.*\\)".*/mirror \\1/'
done
:
"""


@dataclass(frozen=True)
class RuntimeFiles(Question):
    """The configuration of ``runtime``, docker or containerd, on the node."""

    runtime: str

    @property
    def key(self) -> str:
        """``configuration of RUNTIME``."""
        return f"configuration of {self.runtime}"

    def shell(self, seconds: int) -> str:  # noqa: ARG002 - it reads local files
        """What is judged of the files; nothing where there is none, because then defaults hold."""
        return _DOCKER_SHELL if self.runtime == "docker" else _CONTAINERD_SHELL

    def read(self, raw: Raw, origin: str) -> RuntimeFilesAnswer:
        """The answer in ``raw``."""
        return RuntimeFilesAnswer(self, origin, raw, self.runtime)


@dataclass(frozen=True)
class RuntimeSettings:
    """What the files say, with the runtime's defaults for what they do not.

    None and the empty text are for what this runtime does not configure in its files.
    """

    cgroup_driver: str
    mirrors: tuple[str, ...]
    downloads: int
    uploads: int | None
    log_size: str | None
    log_files: int | None
    live_restore: bool


@dataclass(frozen=True)
class RuntimeFilesAnswer(Answer):
    """What is judged of the runtime's files."""

    runtime: str

    def settings(self) -> RuntimeSettings:
        """What the runtime is configured to do. Raises CannotTell when the files could not be read."""
        if self.raw.status != 0:
            raise CannotTell(self.told("the runtime's configuration"))
        try:
            return _docker(self.raw.text) if self.runtime == "docker" else _containerd(self.raw.text)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as problem:
            raise CannotTell(
                f"{self.origin}: the configuration of {self.runtime} is not understood: {problem}"
            ) from None


def _docker(text: str) -> RuntimeSettings:
    """Source: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith('"'):
            found |= parse_json("{" + line + "}")
    options = [str(option) for option in found.get("exec-opts") or ()]
    options += re.findall(r"^flag exec-opt=(\S+)", text, re.MULTILINE)
    drivers = [o.partition("=")[2] for o in options if o.startswith("native.cgroupdriver=")]
    # Without the option dockerd takes systemd on cgroup v2, as far as systemd runs there.
    default = "systemd" if "cgroup v2" in text else "cgroupfs"
    flag = read_flags(text).get("live-restore")
    return RuntimeSettings(
        cgroup_driver=drivers[-1] if drivers else default,
        mirrors=tuple(found.get("registry-mirrors") or ()),
        downloads=int(found.get("max-concurrent-downloads", 3)),
        uploads=int(found.get("max-concurrent-uploads", 5)),
        log_size=str(found.get("max-size", "")),
        log_files=int(found.get("max-file", 1)),
        live_restore=bool(found.get("live-restore")) or (flag is not None and flag != "false"),
    )


def _containerd(text: str) -> RuntimeSettings:
    """Source: https://github.com/containerd/containerd/blob/main/docs/cri/config.md."""
    mirrors = re.findall(r"^mirror (\S+)$", text, re.MULTILINE)
    config: dict[str, Any] = {}
    for part in re.split(
        r"^file .*\n?", re.sub(r"^mirror .*\n?", "", text, flags=re.MULTILINE), flags=re.MULTILINE
    ):
        _merge(config, tomllib.loads(part))
    plugins = [plugin for plugin in (config.get("plugins") or {}).values() if isinstance(plugin, dict)]
    downloads = [
        plugin["max_concurrent_downloads"] for plugin in plugins if "max_concurrent_downloads" in plugin
    ]
    for plugin in plugins:
        for registry in ((plugin.get("registry") or {}).get("mirrors") or {}).values():
            mirrors += registry.get("endpoint") or ()
    return RuntimeSettings(
        cgroup_driver="systemd" if any(_systemd(plugins)) else "cgroupfs",
        mirrors=tuple(mirrors),
        downloads=int(downloads[0]) if downloads else 3,
        uploads=None,
        log_size=None,
        log_files=None,
        live_restore=True,  # each container has a shim, which outlives containerd
    )


def _systemd(plugins: list[dict[str, Any]]) -> Iterator[bool]:
    """What the default runtime's handler says of systemd; the CRI plugin itself in the oldest form."""
    for plugin in plugins:
        yield bool(plugin.get("systemd_cgroup"))
        runtimes = plugin.get("containerd") or {}
        default = (runtimes.get("runtimes") or {}).get(runtimes.get("default_runtime_name", "runc")) or {}
        yield bool((default.get("options") or {}).get("SystemdCgroup"))


def _merge(into: dict[str, Any], more: Json) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
