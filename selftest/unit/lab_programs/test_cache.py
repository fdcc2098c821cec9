import json
import multiprocessing
import os
import time
from io import StringIO

import pytest

from lab import building, cache
from lab.building import Recipe
from lab.errors import LabError
from lab.progress import Progress


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECHECK_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Build:
    """Counts how often it builds."""

    def __init__(self, content="built"):
        self.content, self.times = content, 0

    def __call__(self, directory):
        self.times += 1
        (directory / "thing").write_text(self.content)


def get(build, name="thing-1"):
    return cache.entry(name, build, "building a thing", Progress(StringIO()))


def test_it_builds_once(place):
    build = Build()
    assert get(build) == get(build) == place / "thing-1"
    assert build.times == 1
    assert (place / "thing-1" / "thing").read_text() == "built"


def test_another_name_is_another_entry():
    build = Build()
    assert get(build) != get(build, "thing-2")
    assert build.times == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: (entry / "thing").write_text("cut"),
        lambda entry: (entry / "thing").unlink(),
        lambda entry: (entry / "entry.json").unlink(),
        lambda entry: (entry / "entry.json").write_text("{"),
        lambda entry: (entry / "entry.json").write_text(json.dumps({})),
    ],
)
def test_a_damaged_entry_is_built_anew(damage):
    build = Build()
    damage(get(build))
    assert (get(build) / "thing").read_text() == "built"
    assert build.times == 2


def test_a_failed_build_leaves_nothing_and_its_error_is_told(place):
    def fail(directory):
        (directory / "half").write_text("")
        raise LabError("it did not compile")

    with pytest.raises(LabError, match="it did not compile"):
        get(fail)
    assert [path.name for path in place.iterdir()] == ["thing-1.lock"]


def test_remains_of_a_killed_build_are_not_used(place):
    (place / "thing-1.partial").mkdir(parents=True)
    (place / "thing-1.partial" / "half").write_text("")
    assert {path.name for path in get(Build()).iterdir()} == {"thing", "entry.json"}


def slow_build(directory):
    time.sleep(0.3)  # long enough for the other process to come and find the lock held
    (directory / f"by-{os.getpid()}").write_text("")


def build_slowly():
    get(slow_build)


def test_two_processes_build_once(place):
    processes = [multiprocessing.get_context("fork").Process(target=build_slowly) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(list((place / "thing-1").glob("by-*"))) == 1


def test_a_cache_that_cannot_be_written_is_one_sentence(place):
    place.write_text("a file, where the directory should be")
    with pytest.raises(LabError, match=r"cannot be written .* KUBECHECK_LAB_CACHE"):
        get(Build())


def test_a_digest_keeps_its_parts_apart():
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("a", b"b") == cache.digest("a", "b")


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "main.go").write_text("package main")
    (tmp_path / "go.mod").write_text("module x")
    return Recipe(
        "x", "x", "x", tmp_path, ("-ldflags", "-s", "."), (tmp_path / "main.go", tmp_path / "go.mod")
    )


def test_a_programs_key_is_stable(recipe):
    assert recipe.key("go1.26.8") == recipe.key("go1.26.8")
    assert recipe.key("go1.26.8").startswith("x-")


def test_a_programs_key_changes_with_all_it_is_built_from(recipe):
    keys = [recipe.key("go1.26.8"), recipe.key("go1.26.9")]
    keys.append(Recipe("x", "x", "x", recipe.module, (".",), recipe.sources).key("go1.26.8"))
    for source in recipe.sources:
        source.write_text(source.read_text() + "\n")
        keys.append(recipe.key("go1.26.8"))
    assert len(set(keys)) == len(keys)


def test_every_program_is_keyed_by_its_sources():
    for recipe in [building.kubernetes_recipe("1.37.2"), *map(building.module_recipe, ("etcd", "pause"))]:
        assert {path.suffix for path in recipe.sources} >= {".go", ".mod"}
        assert all(path.is_file() for path in recipe.sources)
