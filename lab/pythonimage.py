"""An image of a Python program: the interpreter that runs this, and a distribution with all that it requires.

What the distribution requires is taken from this environment, as it is installed: nothing is downloaded.
"""

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab import oci
from lab.errors import LabError
from lab.images import PATH, REGISTRY, Image, busybox_tree, shared_libraries, tag
from lab.oci import Tree

PREFIX = Path("/usr/local")  # in the image: where Python's own images have it
LIBRARY = PREFIX / f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
# Not site-packages: Debian's interpreter does not look there.
PACKAGES = PREFIX / "lib/packages"
# Of the standard library: other distributions, tests, graphics, and what only builds programs.
UNWANTED = ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "turtledemo", "config-")
SYSTEM = ("/lib/", "/lib64/", "/usr/")


def write_python_image(installed: Path, archive: Path) -> Image:
    """Write the image of the one distribution that `pip install --target` has put into ``installed``.

    Its entrypoint is the distribution's first script. It is not cached, as that is made anew each time.
    """
    found = list(distributions(path=[str(installed)]))
    if len(found) != 1:
        raise LabError(f"{installed} holds {len(found)} Python distributions and must hold one.")
    program = found[0]
    tree = busybox_tree()
    _add_interpreter(tree)
    for each in (program, *required(program)):
        _add_distribution(tree, each)
    _add_libraries(tree)
    config = {
        "Env": [PATH, f"PYTHONPATH={PACKAGES}", f"LD_LIBRARY_PATH={PREFIX}/lib"],
        "Entrypoint": [str(PREFIX / "bin" / name) for name in _add_scripts(tree, program)][:1],
    }
    reference = f"{REGISTRY}/{program.name}:{tag(program.version)}"
    oci.write_archive(archive, reference, tree, config)
    return Image(reference, archive)


def required(program: Distribution) -> list[Distribution]:
    """What a distribution requires, and what that requires; LabError for what is not installed here."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(_requirements(program.requires, set()))
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (key := (name, frozenset(wanted.extras))) in seen:
            continue
        seen.add(key)
        try:
            found[name] = distribution(name)
        except PackageNotFoundError as error:
            raise LabError(f"{program.name} requires {wanted}, which is not installed here.") from error
        waiting += _requirements(found[name].requires, wanted.extras)
    return list(found.values())


def _requirements(lines: Iterable[str] | None, extras: set[str]) -> Iterator[Requirement]:
    for line in lines or ():
        wanted = Requirement(line)
        if not wanted.marker or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield wanted


def _add_interpreter(tree: Tree) -> None:
    program = Path(sys.executable).resolve()
    standard = Path(sysconfig.get_path("stdlib"))
    tree.file(str(PREFIX / "bin/python3"), program, 0o755)
    for top in standard.iterdir():
        if not top.name.startswith(UNWANTED):
            for path in (top, *top.rglob("*")):
                if path.is_file() and ".opt-" not in path.name:
                    _add_file(tree, LIBRARY / path.relative_to(standard), path)


def _add_libraries(tree: Tree) -> None:
    binaries = [entry.content for path, entry in tree.entries.items() if path.endswith((".so", "/python3"))]
    for library in shared_libraries(*(path for path in binaries if isinstance(path, Path))):
        # The interpreter's own may lie where only root looks, as in ~/.pyenv.
        system = str(library).startswith(SYSTEM)
        tree.file(str(library if system else PREFIX / "lib" / library.name), library, 0o755)


def _add_distribution(tree: Tree, its: Distribution) -> None:
    for file in its.files or ():
        path = Path(str(file.locate()))
        if ".." not in file.parts and path.is_file():  # scripts lie outside, and name this machine's Python
            _add_file(tree, PACKAGES / file, path)


def _add_scripts(tree: Tree, program: Distribution) -> list[str]:
    scripts = program.entry_points.select(group="console_scripts")
    for script in scripts:
        lines = ("import sys", f"from {script.module} import {script.attr}", f"sys.exit({script.attr}())")
        text = "\n".join((f"#!{PREFIX}/bin/python3", *lines, ""))
        tree.file(str(PREFIX / "bin" / script.name), text, 0o755)
    return [script.name for script in scripts]


def _add_file(tree: Tree, target: Path, source: Path) -> None:
    if source.suffix == ".pyc":
        # Compiled code names its source's time, and an image's files have none. Without this every start
        # would compile everything again. https://peps.python.org/pep-0552/#specification
        code = source.read_bytes()
        timed = code[4:8] == bytes(4)
        tree.file(str(target), code[:8] + bytes(4) + code[12:] if timed else code)
    else:
        tree.file(str(target), source)
