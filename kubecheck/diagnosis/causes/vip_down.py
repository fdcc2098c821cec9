"""The address in front of the API servers does not answer, and they do."""

from collections.abc import Iterator

from kubecheck.cluster.clusterinfo import front, leads_to
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.consequences import standing_still
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_state import cut_off
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.probes.question import address
from kubecheck.wording import listed

WAYS = ("controlplane.vip_reachable", "certs.front_certificate")
ASK = "on any node: curl -k https://{vip}/version"
RESTART = "on the load balancers: systemctl restart haproxy keepalived; systemctl status haproxy keepalived"
SHOWN = "on the load balancers: ip -brief address | grep {host}, which one of them must show"
ON_THE_WAY = (
    "on any node: ip route get {host}; ip neigh show {host}; iptables -S OUTPUT, or nft list ruleset",
    "on the load balancers: iptables -S INPUT, or nft list ruleset: the nodes must be let in",
    SHOWN,
    ASK,
)
LOOK = (
    f"{ASK}: no answer, and the address is dead",
    f"then {RESTART}",
    SHOWN,
    "an answer, and it refuses the kubelets: on any node journalctl -u kubelet --since -15min | grep -i -e x509 -e unauthorized -e forbidden",
    "on any node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem",
)


@cause(
    title="Nothing gets through at the address in front of the API servers",
    confirm=(
        "on any node: curl -k https://{vip}/version; ip neigh show {host}",
        "on a master: curl -k https://127.0.0.1:6443/version",
    ),
    remedy=(RESTART, SHOWN, ASK),
    source="https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/",
)
def vip_down(evidence: Evidence) -> Iterator[Finding]:
    """The API servers answer by themselves, and nothing answers at the address that everybody uses.

    Kubelets, schedulers, controller-managers and kube-proxies connect there. What runs goes on; nothing is
    started, moved or reported any more, and after a while all nodes look dead at once. Where no node can be
    asked, kubelets that run and have all stopped reporting make it possible, and no more.
    """
    try:
        host, port = front(evidence.policy, evidence.facts.cluster_info)
    except (NotApplicable, CannotTell):
        return
    vip = address(host, port)
    lost = evidence.nodes_failing("controlplane.vip_reachable", "node")
    reached = evidence.nodes_passing("controlplane.vip_reachable", "node")
    silent = cut_off(evidence)
    # What this run itself goes through is alive.
    alive = leads_to(evidence.facts.server, host, port)
    if reached or not (lost or (silent and not alive)):
        return
    said = [s.message for s in evidence.find("controlplane.vip_reachable", failed=True)]
    still = [f"the kubelets of {listed([n.name for n in silent])} answer, and have stopped reporting"]
    names = {"vip": vip, "host": host}
    if not lost:
        says = (
            f"the kubelets of {len(silent)} nodes run and do not get through to the API servers: their address"
            f" {vip} may be dead, or their certificates or rights may have ended"
        )
    elif alive:
        says = f"no node gets an answer at {vip}, the address in front of the API servers, and kubecheck does"
    else:
        says = (
            f"nothing answers at {vip}, the address in front of the API servers, while they answer themselves"
        )
    yield Finding(
        says=says,
        blames=(f"Address/{vip}",),
        explains=evidence.find(*WAYS) | (standing_still(evidence) if silent else frozenset()),
        confidence=_confidence(len(lost)),
        names=names,
        confirmed=(*said[:1], *(still if silent else ())),
        remedy=()
        if lost and not alive
        else tuple(filled(step, names) for step in (ON_THE_WAY if lost else LOOK)),
    )


def _confidence(lost: int) -> Confidence:
    """By the number of nodes that got no answer there: one alone may be at fault itself."""
    if lost > 1:
        return Confidence.CERTAIN
    return Confidence.LIKELY if lost else Confidence.POSSIBLE
