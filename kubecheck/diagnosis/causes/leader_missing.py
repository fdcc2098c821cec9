"""No scheduler, or no controller-manager, leads."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.kubelet_state import cut_off
from kubecheck.outcomes import Outcome

SCHEDULER, MANAGER = "kube-scheduler", "kube-controller-manager"
PEERS = (
    "network.deployment_becomes_ready",
    "network.pod_to_other_namespace",
    "network.service_of_other_namespace",
    "network.service_spreads",
)
# What only controllers do: endpoints, root CAs, approvals, signatures, replacing what is gone.
CONTROLLERS = (
    "network.new_service_works",
    "network.pod_reaches_itself",
    "network.large_transfer_through_service",
    "network.node_port",
    "network.guarded_*",
    "dns.headless_service",
    "dns.srv_record",
    "dns.reverse_of_pod",
    "dns.large_answer",
    "certs.new_node_gets_certificate",
    "certs.issued_*",
    "certs.no_client_request_waits",
    "certs.root_ca_everywhere",
    "controlplane.tokens_cleaned",
    "controlplane.cluster_info_signed",
    "controlplane.node_has_pod_cidr",
    "nodes.no_pod_stuck_terminating",
    *PEERS,
)


@cause(
    title="No leader is at work",
    confirm=(
        "kubectl -n kube-system get lease {component} -o yaml",
        "on each master: systemctl status {component}, or crictl ps -a --name {component}",
    ),
    remedy=(
        "on every master: systemctl restart {component}; journalctl -u {component} --since -15min",
        "on every master, as a static pod: crictl ps -a --name {component}; look at /etc/kubernetes/manifests/{component}.yaml",
        "kubectl -n kube-system get lease {component}",
    ),
    source="https://kubernetes.io/docs/concepts/architecture/leases/#leader-election",
)
def leader_missing(evidence: Evidence) -> Iterator[Finding]:
    """Nobody renews the Lease by which a scheduler, or a controller-manager, leads: none is at work.

    What runs goes on, so the cluster looks well. Without a scheduler new pods stay Pending; without a
    controller-manager nothing is replaced, no new Service gets endpoints and no request is approved.
    """
    ready = evidence.outcomes.get(("network.deployment_becomes_ready", "fleet"))
    # A Deployment that has just come up needed both: then a Lease only looks old, by somebody's clock.
    if ready is Outcome.PASSED or cut_off(evidence):
        return
    leases = evidence.facts.leases.found
    for symptom in evidence.find("controlplane.leaders_at_work", failed=True):
        name = symptom.target
        if name not in (SCHEDULER, MANAGER):
            continue
        lease = leases.system.get(name) if leases else None
        holder = f", held by {lease.holder}" if lease and lease.holder else ""
        yield Finding(
            says=f"no {name} is at work: Lease kube-system/{name}{holder} is not renewed"
            if lease
            else f"no {name} is at work: there is no Lease kube-system/{name}",
            blames=(f"Lease/kube-system/{name}",),
            explains=frozenset({symptom}) | (_unplaced(evidence) if name == SCHEDULER else _unmade(evidence)),
            confidence=Confidence.CERTAIN if ready is Outcome.FAILED else Confidence.LIKELY,
            names={"component": name},
            confirmed=(symptom.message,),
        )


def _unplaced(evidence: Evidence) -> frozenset[Symptom]:
    """The run's own Deployment, as far as no scheduler has looked at its pods."""
    standing = evidence.standing
    if standing is None or "no scheduler" not in standing.peer_problem:
        return frozenset()
    pending = {
        s
        for s in evidence.find("controlplane.system_pods_ready", "controlplane.no_rollout_is_stuck")
        if "no node" in s.message
    }
    return evidence.find(*PEERS) | pending


def _unmade(evidence: Evidence) -> frozenset[Symptom]:
    """What controllers should have done for this run."""
    return evidence.find(*CONTROLLERS)
