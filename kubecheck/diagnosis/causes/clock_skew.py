"""A clock that is wrong."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom

API_SERVER = "the API server"  # as nodes.clocks_agree calls it
# What goes by the time that a node writes down.
BY_TIME = ("controlplane.node_lease_fresh", "addons.node_metrics_fresh", "certs.kubelet_client_certificate")


@cause(
    title="A clock is wrong",
    confirm=(
        "on {node}: timedatectl; chronyc tracking",
        "kubectl get --raw /healthz -v 8 2>&1 | grep Date; date -u",
    ),
    remedy=(
        "on {node}: systemctl enable --now chrony (or chronyd, systemd-timesyncd); chronyc makestep",
        "on every node the same servers: grep -E '^(server|pool)' /etc/chrony/chrony.conf /etc/chrony.conf",
        "on {node}: chronyc tracking; date -u",
    ),
    source="https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/",
)
def clock_skew(evidence: Evidence) -> Iterator[Finding]:
    """A node's clock, or the API server's, is away from all others.

    Certificates and tokens count as not yet, or no longer, valid; leases look old; logs do not fit
    together; etcd complains from one second on.
    """
    for symptom in sorted(evidence.find("nodes.clocks_agree", failed=True), key=lambda s: s.target):
        for name, blamed in _of(evidence, symptom):
            yield Finding(
                says=_says(name, symptom.message.partition("; allowed")[0]),
                blames=(blamed,),
                explains=frozenset({symptom}) | _by_time(evidence, name),
                confidence=Confidence.CERTAIN,
                names={"node": name},
                confirmed=(symptom.message,),
            )


def _says(name: str, message: str) -> str:
    """What is said of this clock; of many that are wrong, only the first ones are told by how much."""
    return f"the clock of {name} is wrong ({message})" if " fail" in message else message


def _of(evidence: Evidence, symptom: Symptom) -> list[tuple[str, str]]:
    """Whose clock it is: the only API server's node, or the address that stands for several."""
    name = symptom.target
    if name != API_SERVER:
        return [(name, f"Node/{name}")] if name else []
    control_plane = evidence.facts.control_plane.found
    servers = control_plane.servers if control_plane else ()
    if len(servers) == 1 and servers[0].node:
        return [(servers[0].node, f"Node/{servers[0].node}")]
    server = evidence.facts.server.partition("://")[2] or evidence.facts.server
    return [(API_SERVER, f"Address/{server}")]


def _by_time(evidence: Evidence, name: str) -> set[Symptom]:
    """What looks old, or ended, because the machine called ``name`` has written or compares the time."""
    if name == API_SERVER:
        return set(
            evidence.find(*BY_TIME, "controlplane.leaders_at_work", "controlplane.api_servers_are_alive")
        )
    found = set(evidence.find(*BY_TIME, node=name))
    leases = evidence.facts.leases.found
    for symptom in evidence.find("controlplane.leaders_at_work"):
        lease = leases.system.get(symptom.target) if leases else None
        if lease and lease.holder.startswith(name):
            found.add(symptom)
    return found | {s for s in evidence.find("controlplane.api_servers_are_alive") if s.touches(name)}
