"""Disks of a machine's own, apart from the one that holds its root filesystem."""

from lab.machines import Machine

IMAGES = "/var/lib/kubecheck-lab"
SIZE = "2G"  # sparse: it takes what is written


def mount_own(machine: Machine, directory: str) -> None:
    """Mount an empty disk at ``directory``: a loop device, or a tmpfs where the kernel gives none.

    Only the machine's mount namespace holds the loop device, so it goes when the machine goes.
    """
    image = f"{IMAGES}/{directory.strip('/').replace('/', '-')}.img"
    machine.check(["mkdir", "-p", directory, IMAGES])
    machine.check(["truncate", f"--size={SIZE}", image])
    # No journal and no barriers: a lab outlives no power cut, and etcd syncs every write.
    machine.check(["mkfs.ext4", "-q", "-O", "^has_journal", image])
    if machine.run(["mount", "-o", "loop,nobarrier", image, directory]).returncode:
        machine.check(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory])
    machine.check(["chmod", "700", directory])
