"""The command starts fast: what a command does not need is not loaded."""

import os
import subprocess
import sys

import pytest

HEAVY = {"kubernetes", "urllib3", "pytest", "allure", "xdist", "rich", "jinja2", "cryptography", "dns"}
SHOW = """
import atexit, sys
from kubecheck.cli import main
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
sys.exit(main())
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", SHOW, *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["explain"], 0),
        (["explain", "kube-proxy-down"], 0),
        (["explain", "no-such-thing"], 2),
        (["explain", "--help"], 0),
        (["policy"], 0),
        (["explian"], 4),
    ],
    ids=str,
)
def test_a_command_loads_nothing_heavy(arguments, code):
    ran = run(*arguments)
    assert ran.returncode == code, ran.stderr[-500:]
    assert not HEAVY & set(ran.stderr.split())


def test_the_help_tells_the_commands_and_the_options():
    said = run("--help").stdout
    for words in (
        "kubecheck COMMAND",
        "\n  explain ",
        "\n  --kubeconfig FILE",
        "\n  --replay FILE",
        "\n  -k ",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("explian", "did you mean explain?"),
        ("dns", "kubecheck --help lists the commands"),
        ("no/such.py::test_x", "kubecheck --help lists the commands"),
    ],
    ids=str,
)
def test_a_word_that_is_no_command_is_told_before_anything_is_done(word, meant, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", word, "dns"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 4
    assert ran.stderr == f"kubecheck: {word!r} is neither a command nor a path to tests: {meant}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["rooms", "rooms/test_one.py::test_it", "@options"])
def test_a_path_to_tests_is_none(given, tmp_path):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms/test_one.py").write_text("def test_it():\n    pass\n")
    (tmp_path / "options").write_text("rooms\n")
    ran = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", given, "--collect-only", "-q"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "::test_it\n" in ran.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["explain"]], ids=str)
def test_a_reader_that_has_read_enough_is_no_error(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", *arguments],
            stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert ran.returncode == 141
    assert ran.stderr == ""
