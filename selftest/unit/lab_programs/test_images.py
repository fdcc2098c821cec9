import os
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.images import debian_versions, image_key, parse_ldd, tag
from lab.oci import Tree


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1:1.35.0-4+deb12u1+b1", "1.35.0-4-deb12u1-b1"),
        ("1.22.1-9+deb12u11", "1.22.1-9-deb12u11"),
        ("1.6.20~ds1-1", "1.6.20-ds1-1"),
        ("v1.14.7", "v1.14.7"),
        ("+odd", "odd"),
        ("1" * 200, "1" * 128),
    ],
)
def test_tags(version, expected):
    assert tag(version) == expected


def test_ldd_is_read_with_the_loader_and_without_the_kernels_part():
    output = (
        "\tlinux-vdso.so.1 (0x00007ffd5b5f2000)\n"
        "\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f1c)\n"
        "\t/lib64/ld-linux-x86-64.so.2 (0x00007f1d)\n"
    )
    assert parse_ldd(output) == [
        Path("/lib/x86_64-linux-gnu/libz.so.1"),
        Path("/lib64/ld-linux-x86-64.so.2"),
    ]


def test_an_images_key_changes_with_all_it_is_made_from(tmp_path):
    program = tmp_path / "program"
    program.write_text("one")

    def key(reference="r:1", mode=0o755, config=None, extra=""):
        tree = Tree()
        tree.file("/program", program, mode)
        tree.file("/etc/extra", extra)
        return image_key(reference, tree, config or {"Cmd": ["sh"]})

    assert key() == key()
    keys = [key(), key("r:2"), key(mode=0o700), key(config={"Cmd": ["ash"]}), key(extra="x")]
    os.utime(program, ns=(1, 1))
    keys.append(key())
    program.write_text("three")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def dpkg_query(directory, script):
    command = directory / "dpkg-query"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch):
    dpkg_query(tmp_path, "echo busybox-static installed 1:1.35; echo nginx config-files 1.22; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert debian_versions("busybox-static") == {"busybox-static": "1:1.35"}
    with pytest.raises(LabError, match="Debian's nginx is not installed: run `make packages`"):
        debian_versions("busybox-static", "nginx")


def test_a_machine_without_dpkg_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="there is no dpkg here"):
        debian_versions("nginx")
