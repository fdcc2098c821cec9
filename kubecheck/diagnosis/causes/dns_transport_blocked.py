"""DNS is answered over one transport and not over the other."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.traffic import LOOKUPS, REPLICAS

OTHER = {"udp": "tcp", "tcp": "udp"}


@cause(
    title="DNS over UDP, or over TCP, is blocked",
    confirm=(
        "from a node: nslookup kubernetes.default.svc.DOMAIN DNS-SERVICE (UDP)",
        "from a node: dig +tcp kubernetes.default.svc.DOMAIN @DNS-SERVICE (TCP)",
    ),
    remedy=(
        "on {nodes}: iptables-save | grep -w 53 (nft list ruleset): a rule that drops {protocol}?",
        "look at NetworkPolicies and cloud firewalls for port 53 of {protocol}",
        "kubectl -n {namespace} get service {service} -o yaml: port 53 must stand there for UDP and for TCP",
    ),
    source="https://www.rfc-editor.org/rfc/rfc7766",
)
def dns_transport_blocked(evidence: Evidence) -> Iterator[Finding]:
    """DNS needs both: UDP for nearly all questions, TCP for answers that are too long for it.

    Without UDP nothing resolves in practice. Without TCP it seems to work, until a name has many addresses.
    """
    nodes = {node.name for node in evidence.facts.probed_nodes}
    namespace, _, service = evidence.policy.dns.service.partition("/")
    for protocol, other in OTHER.items():
        check = f"network.dns_service_over_{protocol}"
        blocked = {
            node
            for node in evidence.nodes_failing(check, "pod") + evidence.nodes_failing(check, "node")
            if not evidence.find(f"network.dns_service_over_{other}", node=node)
        }
        if not blocked:
            continue
        cluster_wide = len(nodes) > 1 and blocked == nodes
        for where in [""] if cluster_wide else sorted(blocked):
            yield Finding(
                says=f"{f'on node {where}' if where else 'everywhere'} DNS gets no answer over"
                f" {protocol.upper()}, and it does over {other.upper()}",
                blames=(f"Node/{where}" if where else f"Service/{evidence.policy.dns.service}",),
                explains=_follows(evidence, protocol, where),
                confidence=Confidence.LIKELY,
                names={
                    "nodes": where or "the nodes of CoreDNS",
                    "protocol": protocol.upper(),
                    "namespace": namespace,
                    "service": service,
                },
            )


def _follows(evidence: Evidence, protocol: str, node: str) -> frozenset[Symptom]:
    """What fails without the protocol; on ``node`` only, where it is named."""
    asked = evidence.find(*LOOKUPS, *REPLICAS, node=node)
    return frozenset(
        symptom
        for symptom in asked
        if f"over {protocol}" in f"{symptom.asked} {symptom.target}".lower()
        or symptom.check.endswith(f"over_{protocol}")
        or (protocol == "udp" and "over tcp" not in f"{symptom.asked} {symptom.target}".lower())
    )
