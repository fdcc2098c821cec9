"""etcd is slow."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.causes.etcd_member_down import BINARIES, KUBEADM
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="etcd writes slowly",
    confirm=(
        "on the masters: curl -s http://127.0.0.1:2381/metrics | grep etcd_disk_wal_fsync_duration_seconds",
        "on the masters: iostat -x 1 5",
        f"{BINARIES}: etcdctl endpoint status --cluster -w table",
        f"{KUBEADM} endpoint status --cluster -w table",
    ),
    remedy=(
        "on the masters: iostat -x 1 5, and move what else writes to etcd's disk elsewhere",
        "put /var/lib/etcd on an SSD of its own, one member after the other: stop etcd, copy, mount, start it",
        "members far apart: raise --heartbeat-interval and --election-timeout of all members",
    ),
    source="https://etcd.io/docs/latest/op-guide/hardware/#disks",
)
def etcd_slow(evidence: Evidence) -> Iterator[Finding]:
    """Half of all writes take longer than promised: a slow or shared disk, or a slow network between members.

    The whole API waits for them. Slower still, and members lose their leader.
    """
    for symptom in evidence.find("controlplane.etcd_writes_fast", failed=True):
        disks = evidence.find("nodes.etcd_ssd", "nodes.etcd_own_disk", failed=True)
        yield Finding(
            says="etcd writes more slowly than promised"
            + (": its data do not have a fast disk of their own" if disks else ""),
            blames=tuple(sorted({f"Node/{each.node}" for each in disks})) or ("Component/etcd",),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            confirmed=(symptom.message,),
        )
