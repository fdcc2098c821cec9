"""One etcd member of several does not answer."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="An etcd member is down",
    confirm=(
        "on a master: etcdctl endpoint health --cluster; etcdctl endpoint status --cluster -w table",
        "on {node}: systemctl status etcd, or crictl ps -a --name etcd",
    ),
    remedy=(
        "on {node}: systemctl restart etcd; journalctl -u etcd --since -15min; df -h /var/lib/etcd",
        "on {node}, as a static pod: crictl ps -a --name etcd; crictl logs --tail 50 $(crictl ps -q --latest --name etcd)",
        "on a master: etcdctl endpoint health --cluster",
        "its data are damaged: etcdctl member remove MEMBER-ID, empty its data directory, and let it join anew: etcdctl member add",
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
        node = name if any(each.name == name for each in evidence.facts.nodes) else ""
        yield Finding(
            says=f"the etcd member on {name} does not answer"
            + ("" if everywhere else f" {', '.join(sorted(s.node for s in mine))}"),
            blames=(f"Node/{name}" if node else f"Address/{name}",),
            explains=frozenset(mine | ready),
            confidence=Confidence.CERTAIN if everywhere else Confidence.LIKELY,
            names={"node": name},
            confirmed=tuple(sorted(s.message for s in mine))[:1],
        )
