"""A clock that is wrong."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kubecheck.cluster.leases import CLOCK_MARGIN, SERVER_SILENT
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.signing import DAY, kubelet_days

API_SERVER = "the API server"  # as nodes.clocks_agree calls it


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
                explains=frozenset({symptom, *_by_time(evidence, symptom, name)}),
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


def _by_time(evidence: Evidence, wrong: Symptom, name: str) -> Iterator[Symptom]:
    """What looks old, or about to end, for this clock's sake alone: by the right time it would be well."""
    told = re.search(r"([\d.]+) s (ahead|behind)\b", wrong.message)
    if not told:
        return
    ahead = float(told[1]) if told[2] == "ahead" else -float(told[1])
    inexact = float(read[1]) if (read := re.search(r"read to ±([\d.]+) s", wrong.message)) else 0.0
    by_server = wrong.target == API_SERVER
    well: dict[Symptom, list[bool]] = defaultdict(list)
    for each in _ages(evidence):
        right = each.seconds + (-ahead if by_server else ahead)
        young = -CLOCK_MARGIN - inexact <= right <= each.limit + inexact
        well[each.symptom].append(young and (by_server or each.writer == name))
    yield from (symptom for symptom, all_of in well.items() if all(all_of))
    left, wanted = kubelet_days(evidence, name), evidence.policy.certificates.kubelet_client_min_days
    # A kubelet tells by its own clock, and no other, how much is left.
    if left is not None and not by_server and left + (ahead + inexact) / DAY >= wanted:
        yield from evidence.find("certs.kubelet_client_certificate", node=name)


@dataclass(frozen=True)
class Age:
    """What a symptom tells the age of, in seconds of the API server's clock, by the time that ``writer`` wrote."""

    symptom: Symptom
    writer: str
    seconds: float
    limit: float


def _ages(evidence: Evidence) -> Iterator[Age]:
    leases, now = evidence.facts.leases.found, evidence.facts.clock.found
    if leases:
        for symptom in evidence.find("controlplane.node_lease_fresh", "controlplane.leaders_at_work"):
            lease = leases.nodes.get(symptom.node) or leases.system.get(symptom.target)
            if lease and lease.renewed:
                writer = symptom.node or lease.holder.rpartition("_")[0]
                yield Age(symptom, writer, leases.age(lease), lease.seconds + CLOCK_MARGIN)
        for symptom in evidence.find("controlplane.api_servers_are_alive"):
            for host, lease in leases.api_servers.items():
                if lease.renewed and leases.age(lease) > SERVER_SILENT:
                    yield Age(symptom, host, leases.age(lease), SERVER_SILENT)
    for symptom in evidence.find("addons.node_metrics_fresh"):
        usage = (evidence.facts.node_usage.found or {}).get(symptom.node)
        if now and usage and usage.sampled:
            age = (datetime.fromisoformat(now) - datetime.fromisoformat(usage.sampled)).total_seconds()
            yield Age(symptom, symptom.node, age, evidence.policy.addons.metrics_max_age_seconds)
