"""The lab's container images, made from Debian's packages and the lab's own programs.

No registry is asked. The images bear honest names (kubecheck.lab/...) and the versions of what is in them.
"""

import hashlib
import inspect
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import cache, oci
from lab.building import Programs
from lab.errors import LabError
from lab.oci import Entry, Tree
from lab.progress import Progress
from lab.versions import COREDNS, DASHBOARD, METRICS_SERVER, PAUSE

REGISTRY = "kubecheck.lab"
FILES = Path(__file__).parent / "image_files"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BUSYBOX = Path("/bin/busybox")
NGINX = Path("/usr/sbin/nginx")
NGINX_STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
NGINX_MIME_TYPES = Path("/etc/nginx/mime.types")
USERS = """\
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUPS = """\
root:x:0:
www-data:x:33:
nogroup:x:65534:
"""


@dataclass(frozen=True)
class Image:
    """An OCI archive and the reference in it; ``ctr -n k8s.io images import ARCHIVE`` takes it."""

    reference: str
    archive: Path


@dataclass(frozen=True)
class Images:
    """The images that a lab's nodes hold."""

    busybox: Image
    nginx: Image
    pause: Image
    coredns: Image
    metrics_server: Image
    dashboard: Image


def build_images(programs: Programs, progress: Progress) -> Images:
    """Make the images that the cache lacks."""
    debian = debian_versions("busybox-static", "nginx")
    return Images(
        busybox=_image("busybox", debian["busybox-static"], busybox_tree(), {"Cmd": ["sh"]}, progress),
        nginx=_image("nginx", debian["nginx"], nginx_tree(), nginx_config(), progress),
        pause=_program_image("pause", PAUSE, programs.pause, progress),
        coredns=_program_image("coredns", f"v{COREDNS}", programs.coredns, progress),
        metrics_server=_program_image(
            "metrics-server", f"v{METRICS_SERVER}", programs.metrics_server, progress
        ),
        dashboard=_image(
            "dashboard",
            f"v{DASHBOARD}",
            dashboard_tree(programs.dashboard),
            {"Entrypoint": ["/dashboard"], "ExposedPorts": {"8443/tcp": {}}},
            progress,
        ),
    )


def tag(version: str) -> str:
    """Turn a Debian version into a tag: no epoch, and no characters that a tag may not have.

    At most 128 of [A-Za-z0-9_.-], the first one neither . nor -
    (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests).
    """
    without_epoch = version.rpartition(":")[2]
    return re.sub(r"[^A-Za-z0-9_.-]", "-", without_epoch).lstrip(".-")[:128]


def debian_versions(*packages: str) -> dict[str, str]:
    """Ask dpkg for the versions of installed packages; LabError if one is not installed."""
    try:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status} ${Version}\n", *packages],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise LabError(
            "The lab's images are made of Debian's packages and there is no dpkg here: use Debian 12 or a "
            "later Debian."
        ) from error
    rows = [line.split() for line in done.stdout.splitlines()]
    versions = {row[0]: row[2] for row in rows if row[1] == "installed"}
    if missing := [package for package in packages if package not in versions]:
        raise LabError(f"Debian's {' and '.join(missing)} is not installed: run `make packages` first.")
    return versions


def busybox_tree() -> Tree:
    """Give the busybox image's files: the program, a link for each of its applets, and users."""
    tree = _base_tree()
    _add_busybox(tree)
    return tree


def nginx_tree() -> Tree:
    """Give the nginx image's files: Debian's nginx with what it links to, and busybox for a shell."""
    tree = _base_tree()
    _add_busybox(tree)
    for program, mode in ((NGINX, 0o755), (NGINX_STREAM, 0o644)):
        tree.file(str(program), program, mode)
        for library in shared_libraries(program):
            tree.file(str(library), library, 0o755)
    tree.link("/usr/share/nginx/modules", "/usr/lib/nginx/modules")  # load_module's paths start above it
    tree.link("/etc/nginx/modules", "/usr/lib/nginx/modules")
    tree.file("/etc/nginx/mime.types", NGINX_MIME_TYPES)
    tree.file("/etc/nginx/nginx.conf", FILES / "nginx.conf")
    tree.file("/usr/share/nginx/html/index.html", FILES / "index.html")
    # Any nginx opens its built-in log before it reads its configuration; as links these work for any user.
    tree.link("/var/log/nginx/access.log", "/dev/stdout")
    tree.link("/var/log/nginx/error.log", "/dev/stderr")
    tree.directory("/var/lib/nginx")
    return tree


def dashboard_tree(program: Path) -> Tree:
    """Give the dashboard image's files: its API server and a page of the lab's own.

    The server looks for public/LANGUAGE beside itself and for locale_conf.json where it is started. Its
    real front end can be built only with tools that are no longer to be had.
    """
    tree = _base_tree()
    tree.file("/dashboard", program, 0o755)
    tree.file("/public/en/index.html", FILES / "dashboard.html")
    tree.file("/locale_conf.json", '{"translations": [{"file": "messages-en.xtb", "key": "en"}]}\n')
    return tree


def nginx_config() -> dict[str, Any]:
    """Give the nginx image's config: like the official image's, without an entrypoint."""
    return {"Cmd": ["nginx", "-g", "daemon off;"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"}


def shared_libraries(*programs: Path) -> list[Path]:
    """Ask ldd which files programs need beside themselves, the loader among them."""
    done = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    if done.returncode or "not found" in done.stdout:
        named = ", ".join(map(str, programs))
        raise LabError(f"{named} cannot be put into an image: {(done.stderr or done.stdout).strip()}")
    return parse_ldd(done.stdout)


def parse_ldd(output: str) -> list[Path]:
    """Read ldd's lines, as "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f...)"."""
    return [Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", output, re.MULTILINE)]


def _base_tree() -> Tree:
    tree = Tree()
    tree.file("/etc/passwd", USERS)
    tree.file("/etc/group", GROUPS)
    tree.file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    tree.directory("/root", 0o700)
    tree.directory("/tmp", 0o1777)  # noqa: S108 - a directory inside the image
    tree.directory("/run")
    return tree


def _add_busybox(tree: Tree) -> None:
    tree.file("/bin/busybox", BUSYBOX, 0o755)
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in set(listed.stdout.split()) - {"busybox"}:
        tree.link(f"/bin/{applet}", "busybox")
    tree.link("/usr/bin/env", "/bin/busybox")  # where "#!/usr/bin/env" looks


def _program_image(name: str, version: str, program: Path, progress: Progress) -> Image:
    tree = _base_tree()
    tree.file(f"/{name}", program, 0o755)
    return _image(name, version, tree, {"Entrypoint": [f"/{name}"]}, progress)


def _image(name: str, version: str, tree: Tree, config: dict[str, Any], progress: Progress) -> Image:
    return make(f"{REGISTRY}/{name}:{tag(version)}", tree, config, progress)


def make(reference: str, tree: Tree, config: dict[str, Any], progress: Progress) -> Image:
    """Make an image of these files, with this container config (Cmd, Env, ...), where the cache lacks it."""
    name = reference.rpartition("/")[2].partition(":")[0]
    complete = {"Env": [PATH], "WorkingDir": "/"} | config
    archive = f"{name}.tar"
    place = cache.entry(
        f"image-{name}-{image_key(reference, tree, complete)}",
        _writer(archive, reference, tree, complete),
        f"making the image {reference}",
        progress,
    )
    return Image(reference, place / archive)


def _writer(archive: str, reference: str, tree: Tree, config: dict[str, Any]) -> Callable[[Path], None]:
    return lambda directory: oci.write_archive(directory / archive, reference, tree, config)


def image_key(reference: str, tree: Tree, config: dict[str, Any]) -> str:
    """Name what an image is made from. Files on this machine count by path, size and time: quick to ask."""
    described = [f"{path} {_describe(entry)}" for path, entry in sorted(tree.entries.items())]
    return cache.digest(reference, repr(sorted(config.items())), inspect.getsource(oci), *described)


def _describe(entry: Entry) -> str:
    content: object = entry.content
    if isinstance(entry.content, Path):
        stat = entry.content.stat()
        content = (str(entry.content), stat.st_size, stat.st_mtime_ns)
    elif isinstance(entry.content, bytes):
        content = hashlib.sha256(entry.content).hexdigest()
    return repr((entry.mode, content, entry.link))
