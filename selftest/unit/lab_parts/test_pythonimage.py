import importlib.util
import os
import py_compile
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.oci import Tree
from lab.pythonimage import PACKAGES, _add_file, required


def installed(folder, name, *requires):
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""]))
    return PathDistribution(info)


@pytest.fixture
def environment(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def test_what_is_required_is_followed_to_its_end_and_once(environment):
    installed(environment, "Second", "third>=1", "first")
    installed(environment, "third", "fourth; extra == 'more'", "nowhere; python_version < '3'")
    installed(environment, "fourth", "third[more]")
    installed(environment, "first")
    program = installed(environment, "program", "first", "second", "third[more]")
    assert sorted(each.name for each in required(program)) == ["Second", "first", "fourth", "third"]


def test_what_is_not_installed_is_named(environment):
    program = installed(environment, "program", "absent>=2")
    with pytest.raises(LabError, match="program requires absent>=2, which is not installed here"):
        required(program)


def test_compiled_code_fits_a_source_without_a_time(tmp_path):
    source = tmp_path / "it.py"
    source.write_text("answer = 42\n")
    compiled = Path(py_compile.compile(str(source)))
    tree = Tree()
    _add_file(tree, PACKAGES / "it.pyc", compiled)
    kept = tree.entries[str(PACKAGES / "it.pyc")].content
    os.utime(source, (0, 0))
    compiled.write_bytes(kept)
    assert kept[8:12] == bytes(4)
    source.write_text("answer = 43\n")  # of the same size and, as in an image, the same time
    os.utime(source, (0, 0))
    spec = importlib.util.spec_from_file_location("it", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.answer == 42  # the compiled code was taken
