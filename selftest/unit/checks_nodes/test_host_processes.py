"""Processes and disks of a node, found by busybox in its /proc and /sys."""

import pytest

from kubecheck.checks import CannotTell, Disks, KubeletProcess
from kubecheck.probes import Raw

ROOT = "20 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
MOUNTS = (
    ROOT
    + "30 20 8:17 / /var/lib/etcd rw - xfs /dev/sdb1 rw\n"
    + "31 20 0:40 /x /var/lib/etcd-old rw - tmpfs tmpfs rw\n"
    + "32 20 253:0 / /data rw - ext4 /dev/mapper/vg-data rw\n"
)


@pytest.fixture
def disks(machine):
    """sda (system, rotating), sdb (SSD), and a logical volume over sdc and sdd1."""
    for disk, flag in (("sda", 1), ("sdb", 0), ("sdc", 1), ("sdd", 0)):
        machine.write(f"/sys/devices/block/{disk}/queue/rotational", f"{flag}\n")
    for device, folder in {
        "8:2": "sda/sda2", "8:17": "sdb/sdb1", "8:32": "sdc", "8:49": "sdd/sdd1", "253:0": "dm-0"
    }.items():  # fmt: skip
        machine.write(f"/sys/devices/block/{folder}/dev", f"{device}\n")
        if "/" in folder:
            machine.write(f"/sys/devices/block/{folder}/partition", "1\n")
        machine.link(f"/sys/dev/block/{device}", f"../../devices/block/{folder}")
        machine.link(f"/sys/class/block/{folder.rpartition('/')[2]}", f"../../devices/block/{folder}")
    machine.write("/sys/devices/block/dm-0/queue/rotational", "1\n")
    machine.link("/sys/devices/block/dm-0/slaves/sdc", "../../sdc")
    machine.link("/sys/devices/block/dm-0/slaves/sdd1", "../../sdd/sdd1")
    machine.process(1, "systemd", "/sbin/init", mountinfo=MOUNTS)
    return machine


def place(answer, what):
    return next(place for place in answer.places if place.what == what)


def test_disks_below_partitions_and_volumes(disks):
    disks.process(50, "etcd", "/usr/local/bin/etcd", "--data-dir=/var/lib/etcd", mountinfo=MOUNTS)
    disks.link("/var/lib/docker", "/data/docker")
    answer = disks.ask(Disks("/var/lib/docker"))
    assert answer.raw.status == 0, answer.raw.text
    assert place(answer, "system").disks == {"sda": True}
    assert place(answer, "etcd").disks == {"sdb": False}
    assert place(answer, "runtime").folder == "/data/docker"
    assert place(answer, "runtime").disks == {"sdc": True, "sdd": False}
    assert answer.has_etcd
    answer.must_be_apart("etcd", "etcd's data")
    answer.must_not_rotate("etcd", "etcd's data")
    answer.must_be_apart("runtime", "the runtime's data")


def test_etcd_in_a_pod_is_seen_by_its_own_mounts(disks):
    inside = "90 1 0:99 / / rw - overlay overlay rw\n91 90 8:2 /x /var/lib/etcd rw - ext4 /dev/sda2 rw\n"
    disks.process(50, "etcd", "etcd", "--name=m1", "--data-dir", "/var/lib/etcd", mountinfo=inside)
    answer = disks.ask(Disks("/var/lib/containerd"))
    with pytest.raises(AssertionError, match=r"etcd's data \(/var/lib/etcd on sda \(rotating\)\).* disk sda"):
        answer.must_be_apart("etcd", "etcd's data")
    with pytest.raises(AssertionError, match="rotates"):
        answer.must_not_rotate("etcd", "etcd's data")


def test_etcd_with_a_configuration_file(disks):
    disks.write("/etc/etcd/etcd.config.yml", "name: m1\ndata-dir: '/var/lib/etcd'\n")
    disks.process(
        50, "etcd", "/usr/local/bin/etcd", "--config-file=/etc/etcd/etcd.config.yml", mountinfo=MOUNTS
    )
    assert place(disks.ask(Disks("/var/lib/containerd")), "etcd").disks == {"sdb": False}


def test_etcd_that_does_not_say_where(disks):
    disks.process(50, "etcd", "/usr/local/bin/etcd", mountinfo=MOUNTS)
    answer = disks.ask(Disks("/var/lib/containerd"))
    assert answer.has_etcd
    with pytest.raises(CannotTell, match="does not say where"):
        answer.must_be_apart("etcd", "etcd's data")


def test_no_etcd(disks):
    answer = disks.ask(Disks("/var/lib/containerd"))
    assert not answer.has_etcd
    assert place(answer, "runtime").disks == {"sda": True}


def test_a_folder_without_a_disk_cannot_be_told(disks):
    disks.process(50, "etcd", "etcd", "--data-dir=/var/lib/etcd-old", mountinfo=MOUNTS)
    with pytest.raises(CannotTell, match="tmpfs, which is no disk"):
        disks.ask(Disks("/var/lib/containerd")).must_be_apart("etcd", "etcd's data")


def test_btrfs_is_found_by_its_source(disks):
    mounts = "20 1 0:30 /root / rw - btrfs /dev/sdb1 rw\n"
    disks.process(1, "systemd", "/sbin/init", mountinfo=mounts)
    disks.write("/dev/sdb1", "")
    assert place(disks.ask(Disks("/var/lib/containerd")), "system").disks == {"sdb": False}


def test_mounts_that_cannot_be_read():
    answer = Disks("/x").read(
        Raw(1, b"cat: can't open '/host/proc/1/mountinfo': Permission denied", 0.1), "o"
    )
    with pytest.raises(CannotTell):
        _ = answer.has_etcd


def test_kubelet_flags_and_nothing_else(machine):
    machine.process(
        40, "kubelet", "/usr/local/bin/kubelet", "--config", "/etc/kubernetes/kubelet-conf.yml", "--v=2",
        "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap.kubeconfig", "--token=SECRET",
    )  # fmt: skip
    machine.write("/etc/kubernetes/kubelet-conf.yml", "kind: KubeletConfiguration\n")
    answer = machine.ask(KubeletProcess(("bootstrap-kubeconfig", "network-plugin")))
    answer.must_be_found()
    assert b"SECRET" not in answer.raw.output
    assert answer.flags == {
        "config": "/etc/kubernetes/kubelet-conf.yml",
        "bootstrap-kubeconfig": "/etc/kubernetes/bootstrap.kubeconfig",
    }
    assert (answer.misspelt, answer.unreadable) == ("", "")


@pytest.mark.parametrize("line", ["rotateServerCertificates: true", '  "rotateServerCertificates": true,'])
def test_misspelt_field(machine, line):
    machine.process(40, "hyperkube", "/hyperkube", "kubelet", "--config=/var/lib/kubelet/config.yaml")
    machine.write("/var/lib/kubelet/config.yaml", f"kind: KubeletConfiguration\n{line}\n")
    assert machine.ask(KubeletProcess(())).misspelt == "/var/lib/kubelet/config.yaml"


def test_configuration_file_that_is_not_there(machine):
    machine.process(40, "kubelet", "kubelet", "--config=/gone.yaml")
    assert machine.ask(KubeletProcess(())).unreadable == "/gone.yaml"


def test_no_kubelet_of_its_own(machine):
    machine.process(40, "k3s-server", "/usr/bin/k3s", "server")
    machine.process(41, "kube-proxy", "/usr/bin/kube-proxy", "--config=/x")
    with pytest.raises(CannotTell, match="no process called kubelet"):
        machine.ask(KubeletProcess(())).must_be_found()
