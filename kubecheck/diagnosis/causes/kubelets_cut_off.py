"""Kubelets run and do not get through to API servers, though the address in front of these is alive."""

from collections.abc import Iterator

from kubecheck.cluster.clusterinfo import front, leads_to
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import of_pods, standing_still
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_state import cut_off
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.wording import listed


@cause(
    title="Kubelets do not get through to the API servers",
    confirm=(
        "on any node: journalctl -u kubelet --since -15min | grep -i -e x509 -e unauthorized -e forbidden -e dial",
        "on any node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem; date -u",
    ),
    remedy=(
        "on {node}: journalctl -u kubelet --since -15min | grep -i -e x509 -e unauthorized -e forbidden -e dial",
        "on {node}: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem",
        "where that has ended: kubecheck explain client-certificate-ending",
        "kubectl auth can-i update leases.coordination.k8s.io/{node} -n kube-node-lease --as system:node:{node} --as-group system:nodes",
        "on {node}: grep server: /etc/kubernetes/*kubelet*, and curl -k at that address with /version",
        "on each master, and on {node}: date -u, as all Leases look old where an API server's clock is ahead",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/",
)
def kubelets_cut_off(evidence: Evidence) -> Iterator[Finding]:
    """Most kubelets answer API servers, and their own reports do not come, or look old.

    It is what they have in common: client certificates of the same day that have ended, an authority that API
    servers do not believe any more, rights, or the address that they connect to. Or else the reports come, and
    an API server's clock is ahead. What runs goes on, and no node starts anything new.
    """
    silent = {node.name: None for node in cut_off(evidence)}  # in order, and quick to look up
    if not silent or _address_in_doubt(evidence):
        return
    pods = [pod for pod in evidence.facts.pods.found or () if pod.node in silent]
    agents = {s for s in evidence.find("addons.cni_pod_ready") if s.node in silent}
    yield Finding(
        says=f"the kubelets of {len(silent)} nodes run, and their reports to the API servers do not come or look old:"
        " certificates, rights, the address that they connect to, or a clock",
        blames=tuple(f"Node/{name}" for name in silent),
        explains=standing_still(evidence) | of_pods(evidence, pods) | agents,
        confidence=Confidence.POSSIBLE,
        names={"node": next(iter(silent))},
        confirmed=(f"the kubelets of {listed(list(silent))} answer, and their Leases are old",),
    )


def _address_in_doubt(evidence: Evidence) -> bool:
    """Whether the address in front of the API servers may be dead: neither this run nor a node goes by it."""
    try:
        host, port = front(evidence.policy, evidence.facts.cluster_info)
    except (NotApplicable, CannotTell):
        return False
    if evidence.nodes_failing("controlplane.vip_reachable", "node"):
        return True
    reached = evidence.nodes_passing("controlplane.vip_reachable", "node")
    return not reached and not leads_to(evidence.facts.server, host, port)
