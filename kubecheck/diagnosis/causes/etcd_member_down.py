"""One etcd member of several does not answer."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

ETCDCTL = (
    "etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt"
    " --key /etc/kubernetes/pki/etcd/server.key"
)
"""With the certificates of kubeadm: https://kubernetes.io/docs/setup/best-practices/certificates/"""
KUBEADM = f"kubeadm, by a pod of a member that answers: kubectl -n kube-system exec etcd-MASTER -- {ETCDCTL}"
BINARIES = "on a master, with --cacert, --cert and --key where etcd wants certificates of its clients"


@cause(
    title="An etcd member is down",
    confirm=(
        f"{BINARIES}: etcdctl endpoint health --cluster; etcdctl endpoint status --cluster -w table",
        f"{KUBEADM} endpoint health --cluster",
        "on {node}: systemctl status etcd, or crictl ps -a --name etcd",
    ),
    remedy=(
        "on {node}: systemctl restart etcd; journalctl -u etcd --since -15min; df -h /var/lib/etcd",
        "on {node}, as a static pod: crictl ps -a --name etcd; crictl logs --tail 50 $(crictl ps -q --latest --name etcd)",
        f"{BINARIES}: etcdctl endpoint health --cluster",
        f"{KUBEADM} endpoint health --cluster",
        "its data are damaged: first a copy of a member that answers, a pod's to a FILE in /var/lib/etcd, which is its node's: etcdctl snapshot save FILE",
        "once there is that copy: etcdctl member remove MEMBER-ID, empty its data directory, and let it join anew: etcdctl member add",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#replacing-a-failed-etcd-member",
)
def etcd_member_down(evidence: Evidence) -> Iterator[Finding]:
    """The etcd member on a master does not answer the other masters; most of its kind still do.

    The cluster works and is one loss nearer to its end: without a majority of members nothing can be
    written, and the API is gone. An API server that knows this member only is not ready.
    """
    symptoms = evidence.find("controlplane.etcd_members_answer", failed=True)
    asked = [r for r in evidence.results if r.check == "controlplane.etcd_members_answer" and r.targets]
    for name in sorted({symptom.target for symptom in symptoms}):
        mine = {symptom for symptom in symptoms if symptom.target == name}
        judged = [r for r in asked if any(target.name == name for target in r.targets)]
        everywhere = len(mine) == len(judged) and (len(mine) > 1 or any(s.node == name for s in mine))
        ready = {
            s
            for s in evidence.find("controlplane.api_servers_ready")
            if s.target == name and "etcd" in s.message
        }
        never = _never_there(evidence, name)
        node = name if any(each.name == name for each in evidence.facts.nodes) else ""
        yield Finding(
            says=f"the etcd member on {name} does not answer"
            + ("" if everywhere else f" {', '.join(sorted(s.node for s in mine))}")
            + (", if there ever was one: others have a pod of it, and this master has none" if never else ""),
            blames=(f"Node/{name}" if node else f"Address/{name}",),
            explains=frozenset(mine | ready),
            confidence=Confidence.CERTAIN if everywhere and not never else Confidence.LIKELY,
            names={"node": name},
            confirmed=tuple(sorted(s.message for s in mine))[:1],
        )


def _never_there(evidence: Evidence, name: str) -> bool:
    """Whether nothing shows that a member ever was on a master: others run theirs as pods, and it has none."""
    pods = {pod.name for pod in evidence.facts.pods.found or () if pod.name == f"etcd-{pod.node}"}
    return bool(pods) and f"etcd-{name}" not in pods
