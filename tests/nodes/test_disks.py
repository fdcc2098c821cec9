"""Disks under etcd and under the container runtime: told with --node-access only."""

from kubecheck.checks import NODES, Disks, DisksAnswer, NotApplicable, Policy, Site, check, need_node_access

FOLDERS = {"docker": "/var/lib/docker", "cri-o": "/var/lib/containers"}
LOOK = (
    "on the node: findmnt -T /var/lib/etcd; lsblk -o NAME,ROTA,TYPE,SIZE,MOUNTPOINTS",
    "move the data to a mount of its own: stop the service, copy, mount, start",
)


def disks(here: Site) -> Disks:
    """The disks of the system, of etcd and of the runtime."""
    need_node_access(here)
    return Disks(FOLDERS.get(here.node.runtime.partition("://")[0], "/var/lib/containerd"))


@check(title="etcd's data lies on a disk of its own", at=NODES, asks=disks, runbook=("R21",), remedy=LOOK)
def test_etcd_own_disk(answer: DisksAnswer, policy: Policy) -> None:
    """The data directory of etcd shares no disk with the root filesystem.

    etcd waits for the disk at every write; whatever else writes to the same disk makes the API slow.
    Source: https://etcd.io/docs/latest/op-guide/hardware/#disks
    """
    if not policy.nodes.etcd_own_disk:
        raise NotApplicable("policy does not ask for a disk of its own (nodes.etcd_own_disk)")
    if not answer.has_etcd:
        raise NotApplicable("no process called etcd runs here")
    answer.must_be_apart("etcd", "etcd's data")


@check(title="etcd's data lies on an SSD", at=NODES, asks=disks, runbook=("R21",), remedy=LOOK)
def test_etcd_ssd(answer: DisksAnswer, policy: Policy) -> None:
    """No disk under etcd's data rotates, as the kernel tells it.

    A virtual disk says what its hypervisor says, which need not be true; etcd's own latency is
    judged by controlplane.
    Source: https://etcd.io/docs/latest/op-guide/hardware/#disks
    """
    if not policy.nodes.etcd_ssd:
        raise NotApplicable("policy does not ask for an SSD (nodes.etcd_ssd)")
    if not answer.has_etcd:
        raise NotApplicable("no process called etcd runs here")
    answer.must_not_rotate("etcd", "etcd's data")


@check(
    title="The container runtime's data lies on a disk of its own",
    at=NODES,
    asks=disks,
    runbook=("R21",),
    remedy=LOOK,
)
def test_runtime_own_disk(answer: DisksAnswer, policy: Policy) -> None:
    """Images and containers share no disk with the root filesystem, so that they cannot fill it.

    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
    """
    if not policy.nodes.runtime_own_disk:
        raise NotApplicable("policy does not ask for a disk of its own (nodes.runtime_own_disk)")
    answer.must_be_apart("runtime", "the container runtime's data")
