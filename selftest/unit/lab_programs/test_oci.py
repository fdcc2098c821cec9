import hashlib
import json
import tarfile

import pytest

from lab.oci import Tree, write_archive


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "program").write_bytes(b"\x7fELF")
    tree = Tree()
    tree.file("/usr/bin/program", tmp_path / "program", 0o755)
    tree.file("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    tree.link("/bin/sh", "busybox")
    tree.directory("/tmp", 0o1777)
    return tree


@pytest.fixture
def archive(tmp_path, tree):
    path = tmp_path / "image.tar"
    write_archive(path, "kubecheck.lab/x:1", tree, {"Cmd": ["sh"]}, "amd64")
    return path


def read(archive, name):
    with tarfile.open(archive) as tar:
        return tar.extractfile(name).read()


def follow(archive, descriptor):
    """A blob, found the way a reader of the layout finds it, with its digest and size held against it."""
    data = read(archive, "blobs/" + descriptor["digest"].replace(":", "/"))
    assert len(data) == descriptor["size"]
    assert "sha256:" + hashlib.sha256(data).hexdigest() == descriptor["digest"]
    return data


def test_the_layout_leads_from_the_reference_to_every_blob(archive):
    assert json.loads(read(archive, "oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    (named,) = json.loads(read(archive, "index.json"))["manifests"]
    assert named["annotations"] == {
        "io.containerd.image.name": "kubecheck.lab/x:1",
        "org.opencontainers.image.ref.name": "1",
    }
    manifest = json.loads(follow(archive, named))
    config = json.loads(follow(archive, manifest["config"]))
    (layer,) = manifest["layers"]
    follow(archive, layer)
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]  # the layer is not compressed
    assert (config["os"], config["architecture"], config["config"]) == ("linux", "amd64", {"Cmd": ["sh"]})
    with tarfile.open(archive) as tar:
        assert len(tar.getnames()) == 5  # and nothing else is in it


def test_the_layer_holds_the_tree(archive, tmp_path):
    (named,) = json.loads(read(archive, "index.json"))["manifests"]
    (layer,) = json.loads(follow(archive, named))["layers"]
    (tmp_path / "layer.tar").write_bytes(follow(archive, layer))
    with tarfile.open(tmp_path / "layer.tar") as tar:
        members = {member.name: member for member in tar}
        assert tar.extractfile("usr/bin/program").read() == b"\x7fELF"
    assert list(members) == sorted(members)
    assert set(members) == {"bin", "bin/sh", "etc", "etc/passwd", "tmp", "usr", "usr/bin", "usr/bin/program"}
    assert members["usr/bin/program"].mode == 0o755
    assert members["etc/passwd"].mode == 0o644
    assert members["tmp"].mode == 0o1777
    assert members["bin/sh"].linkname == "busybox"
    assert {(m.uid, m.gid, m.mtime, m.uname) for m in members.values()} == {(0, 0, 0, "")}


def test_equal_trees_give_equal_archives(archive, tree, tmp_path):
    backwards = Tree()
    for path, entry in reversed(tree.entries.items()):
        backwards.entries[path] = entry
    write_archive(tmp_path / "again.tar", "kubecheck.lab/x:1", backwards, {"Cmd": ["sh"]}, "amd64")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_a_directory_given_with_a_mode_keeps_it():
    tree = Tree()
    tree.directory("/a", 0o700)
    tree.file("/a/b", "")
    assert tree.entries["/a"].mode == 0o700
