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
