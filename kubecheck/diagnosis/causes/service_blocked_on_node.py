"""A Service is reached from everywhere but from one node's own network."""

from collections.abc import Iterator

from kubecheck.checks.vantage import Vantage
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.probes import Route, RouteAnswer

CHECKS = {
    "network.kubernetes_service_reachable": "the kubernetes Service",
    "network.dns_service_over_tcp": "the DNS Service",
    "network.new_service_works": "a Service made now",
}


@cause(
    title="A node itself does not reach a Service that its pods reach",
    confirm=(
        "on the node: ip route get CLUSTER-IP (without a way to it, nothing is translated)",
        "on the node: iptables-save | grep CLUSTER-IP, and look for DROP and REJECT in OUTPUT",
    ),
    remedy=(
        "on {node}: iptables-save -c | grep -e 'A OUTPUT' -e {address}, and delete the rule that drops it",
        "on {node}: ip route get {address}; without a default route: ip route add default via GATEWAY",
    ),
    source="https://kubernetes.io/docs/reference/networking/virtual-ips/",
)
def service_blocked_on_node(evidence: Evidence) -> Iterator[Finding]:
    """Packets of the node's own processes take another way through its rules than those of its pods.

    The kubelet, agents with hostNetwork, and a CNI's own pods fail on that node, ordinary pods do not.
    """
    nodes = {node for check in CHECKS for node in evidence.nodes_failing(check, "node")}
    for node in sorted(nodes & set(evidence.nodes_passing("addons.kube_proxy_healthy", "node"))):
        failing = [
            check
            for check in CHECKS
            if node in evidence.nodes_failing(check, "node") and node in evidence.nodes_passing(check, "pod")
        ]
        if not failing:
            continue
        symptoms = frozenset(s for check in failing for s in evidence.find(check, kind="node", node=node))
        services = {symptom.service for symptom in symptoms if symptom.service}
        address = _address(evidence, services)
        route = evidence.ask(Vantage("node", node), Route(address)) if address else None
        no_way = isinstance(route, RouteAnswer) and not route.device
        yield Finding(
            says=f"from node {node} itself {' and '.join(CHECKS[check] for check in failing)}"
            f" {'is' if len(failing) == 1 else 'are'} not reached, and from its pods"
            f" {'it is' if len(failing) == 1 else 'they are'}"
            + (f": the node has no route to {address}" if no_way else ""),
            blames=(f"Node/{node}",),
            explains=frozenset(
                s
                for s in evidence.find("network.*", "certs.*", kind="node", node=node)
                if s in symptoms or (s.service and s.service in services)
            ),
            confidence=Confidence.CERTAIN if no_way else Confidence.LIKELY,
            names={"node": node, "address": address or "CLUSTER-IP"},
            confirmed=(route.told("a route"),) if isinstance(route, RouteAnswer) and no_way else (),
        )


def _address(evidence: Evidence, services: set[str]) -> str:
    """The ClusterIP of one of ``services``."""
    for address, owner in evidence.owners.items():
        if owner.kind == "Service" and owner.name in services:
            return address
    return ""
