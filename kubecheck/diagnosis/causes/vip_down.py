"""The address in front of the API servers does not answer, and they do."""

from collections.abc import Iterator

from kubecheck.cluster.clusterinfo import front
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import METRICS
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.kubelet_state import cut_off
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.probes.question import address
from kubecheck.wording import listed

WAYS = ("controlplane.vip_reachable", "certs.front_certificate")
# What stands still while kubelets, schedulers and controller-managers do not get through.
STANDING_STILL = (
    "nodes.node_ready",
    "controlplane.node_lease_fresh",
    "controlplane.leaders_at_work",
    "controlplane.tokens_cleaned",
    "controlplane.cluster_info_signed",
    "certs.new_node_gets_certificate",
    "certs.issued_*",
    "certs.root_ca_everywhere",
    "network.probe_pod_runs",
    "network.deployment_becomes_ready",
    *METRICS,
)


@cause(
    title="The address in front of the API servers is dead",
    confirm=(
        "on any node: curl -k https://{vip}/version; ip neigh show {host}",
        "on a master: curl -k https://127.0.0.1:6443/version",
    ),
    remedy=(
        "on the load balancers: systemctl restart haproxy keepalived; systemctl status haproxy keepalived",
        "on the load balancers: ip -brief address | grep {host}, which one of them must show",
        "on any node: curl -k https://{vip}/version",
    ),
    source="https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/",
)
def vip_down(evidence: Evidence) -> Iterator[Finding]:
    """The API servers answer by themselves, and nothing answers at the address that everybody uses.

    Kubelets, schedulers, controller-managers and kube-proxies connect there. What runs goes on; nothing is
    started, moved or reported any more, and after a while all nodes look dead at once.
    """
    try:
        host, port = front(evidence.policy, evidence.facts.cluster_info)
    except (NotApplicable, CannotTell):
        return
    vip = address(host, port)
    lost = evidence.nodes_failing("controlplane.vip_reachable", "node")
    reached = evidence.nodes_passing("controlplane.vip_reachable", "node")
    silent = cut_off(evidence)
    if reached or not (lost or silent):
        return
    said = [s.message for s in evidence.find("controlplane.vip_reachable", failed=True)]
    still = [f"the kubelets of {listed([n.name for n in silent])} answer, and have stopped reporting"]
    yield Finding(
        says=f"nothing answers at {vip}, the address in front of the API servers, while they"
        f" answer themselves"
        if lost
        else f"the kubelets of {len(silent)} nodes run and do not get through to the API servers: {vip}, the"
        " address in front of them, is dead",
        blames=(f"Address/{vip}",),
        explains=evidence.find(*WAYS) | (_still(evidence) if silent else frozenset()),
        confidence=Confidence.CERTAIN,
        names={"vip": vip, "host": host},
        confirmed=(*said[:1], *(still if silent else ())),
    )


def _still(evidence: Evidence) -> frozenset[Symptom]:
    """All that stands still, and what could not be asked because no probe pod was started."""
    return evidence.find(*STANDING_STILL) | {s for s in evidence.symptoms if not s.failed}
