"""Writing container images: a tree of files as one layer in an OCI image layout, in a tar file.

Equal trees give equal archives: entries are sorted and carry no time and no owner's name. Layers are not
compressed, because every node of a lab imports them and none is ever sent over a network.
Source: https://github.com/opencontainers/image-spec (image-layout.md, config.md, layer.md).
"""

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

EPOCH = "1970-01-01T00:00:00Z"
CHUNK = 1 << 20
# Go's, and so OCI's, names of what the kernel calls x86_64 and aarch64.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Entry:
    """One file, directory or symbolic link of an image, owned by root."""

    mode: int = 0o755
    content: bytes | Path | None = None
    link: str | None = None


@dataclass
class Tree:
    """The files of an image, by their absolute paths. Directories above a file come by themselves."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Add a directory."""
        self._add(path, Entry(mode=mode))

    def file(self, path: str, content: bytes | str | Path, mode: int = 0o644) -> None:
        """Add a file: its content, or the path of the file to copy."""
        self._add(path, Entry(mode=mode, content=content.encode() if isinstance(content, str) else content))

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, Entry(mode=0o777, link=target))

    def _add(self, path: str, entry: Entry) -> None:
        for parent in Path(path).parents:
            if parent != Path("/"):
                self.entries.setdefault(str(parent), Entry())
        self.entries[path] = entry


def write_archive(
    archive: Path, reference: str, tree: Tree, config: dict[str, Any], architecture: str | None = None
) -> None:
    """Write the image ``reference`` (registry/name:tag), with this container config (Cmd, Env, ...)."""
    with tempfile.TemporaryFile(dir=archive.parent) as layer, tarfile.open(archive, "w") as out:
        layer_descriptor = _write_layer(layer, tree)
        image_config = _json(
            {
                "created": EPOCH,
                "architecture": architecture or ARCHITECTURES[platform.machine()],
                "os": "linux",
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [layer_descriptor["digest"]]},
                "history": [{"created": EPOCH, "comment": f"made by kubecheck's lab: {reference}"}],
            }
        )
        config_descriptor = _descriptor("application/vnd.oci.image.config.v1+json", image_config)
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config_descriptor,
                "layers": [layer_descriptor],
            }
        )
        named = _descriptor("application/vnd.oci.image.manifest.v1+json", manifest) | {
            "annotations": {
                "io.containerd.image.name": reference,  # what ctr images import calls the image
                "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
            }
        }
        _put(out, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _put(out, "index.json", _json({"schemaVersion": 2, "manifests": [named]}))
        _put(out, _blob(named), manifest)
        _put(out, _blob(config_descriptor), image_config)
        out.addfile(_info(_blob(layer_descriptor), size=layer_descriptor["size"]), layer)


def _write_layer(layer: IO[bytes], tree: Tree) -> dict[str, Any]:
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for path, entry in sorted(tree.entries.items()):
            _add_entry(tar, path.lstrip("/"), entry)
    size = layer.tell()
    layer.seek(0)
    digest = hashlib.sha256()
    while chunk := layer.read(CHUNK):
        digest.update(chunk)
    layer.seek(0)
    return {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": f"sha256:{digest.hexdigest()}",
        "size": size,
    }


def _add_entry(tar: tarfile.TarFile, name: str, entry: Entry) -> None:
    if entry.link is not None:
        info = _info(name, mode=entry.mode, kind=tarfile.SYMTYPE)
        info.linkname = entry.link
        tar.addfile(info)
    elif isinstance(entry.content, Path):
        with entry.content.open("rb") as file:
            tar.addfile(_info(name, mode=entry.mode, size=entry.content.stat().st_size), file)
    elif entry.content is not None:
        tar.addfile(_info(name, mode=entry.mode, size=len(entry.content)), io.BytesIO(entry.content))
    else:
        tar.addfile(_info(name, mode=entry.mode, kind=tarfile.DIRTYPE))


def _info(name: str, *, mode: int = 0o644, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.size, info.type = mode, size, kind
    return info


def _put(out: tarfile.TarFile, name: str, data: bytes) -> None:
    out.addfile(_info(name, size=len(data)), io.BytesIO(data))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "size": len(data),
    }


def _blob(descriptor: dict[str, Any]) -> str:
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")
