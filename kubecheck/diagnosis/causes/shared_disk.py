"""Data that should have a disk of their own share one, or lie on one that rotates."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import alike, blamed, named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.causes.etcd_member_down import BINARIES, KUBEADM
from kubecheck.diagnosis.evidence import Evidence, at_nodes

CHECKS = {
    "nodes.etcd_own_disk": "etcd's data share a disk with the system",
    "nodes.etcd_ssd": "etcd's data lie on a disk that rotates",
    "nodes.runtime_own_disk": "the container runtime's data share a disk with the system",
}


@cause(
    title="Data lie on the wrong disk",
    confirm=("on {node}: findmnt -T /var/lib/etcd; lsblk -o NAME,ROTA,TYPE,SIZE,MOUNTPOINTS",),
    remedy=(
        "on {node}: make a filesystem on a disk of its own, and an entry in /etc/fstab for it",
        "etcd, one master after the other: stop it, copy /var/lib/etcd, mount, start it, and look at its health before the next one",
        f"{BINARIES}: etcdctl endpoint health --cluster",
        f"{KUBEADM} endpoint health --cluster",
        "the runtime: kubectl drain {node} --ignore-daemonsets",
        "on {node}, once it is drained: stop kubelet and containerd, copy, mount, start both",
        "once it is Ready: kubectl uncordon {node}",
    ),
    source="https://etcd.io/docs/latest/op-guide/hardware/#disks",
)
def shared_disk(evidence: Evidence) -> Iterator[Finding]:
    """The disk under etcd is waited for at every write, and images may fill the one that the system needs.

    What policy asks for is told from the node's mounts and the kernel's word on the disk.
    """
    for check, what in CHECKS.items():
        failed = evidence.find(check, failed=True)
        if failed:
            nodes = at_nodes(failed)
            yield Finding(
                says=f"{what} on {named(nodes)}",
                blames=blamed(failed),
                explains=failed,
                confidence=Confidence.CERTAIN,
                names={"node": nodes[0]},
                confirmed=tuple(message for message, _ in alike(failed))[:3],
            )
