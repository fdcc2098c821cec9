"""A node's NodePorts are not reached from other nodes."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import shapes

CHECKS = ("network.node_port", "addons.dashboard_node_port")


@cause(
    title="NodePorts are blocked at a node",
    confirm=(
        "from another machine: curl -v http://NODE-ADDRESS:NODE-PORT",
        "on the node: iptables-save -c | grep -e 'A INPUT' -e 'A PREROUTING', and look at the counters",
    ),
    remedy=(
        "on {node}: iptables-save -c | grep -e DROP -e REJECT, and delete the rule for {ports}",
        "let ports 30000-32767 in at {node}: its firewall service, and the cloud's security group",
        "look at kube-proxy's --nodeport-addresses on {node}",
    ),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport",
)
def node_port_blocked(evidence: Evidence) -> Iterator[Finding]:
    """The node's address takes no connection at a NodePort, while the node is reached and Services work there.

    A load balancer outside that spreads over all nodes loses its share of connections at this one.
    """
    blocked: dict[str, set[str]] = {}
    for check in CHECKS:
        for shape in shapes(evidence.pairs(check, "node")):
            if shape.form == "target":
                blocked.setdefault(shape.nodes[0], set()).add(check)
    services_work = set(evidence.nodes_passing("network.new_service_works", "node"))
    for node in sorted(blocked):
        symptoms = evidence.find(*blocked[node], to=node)
        if node not in services_work or evidence.find("network.node_to_node", to=node, failed=True):
            continue
        ports = sorted({symptom.asked.rstrip("/").rpartition(":")[2] for symptom in symptoms})
        yield Finding(
            says=f"no other node reaches NodePort {', '.join(ports)} at node {node}, and the node itself"
            " reaches Services",
            blames=(f"Node/{node}",),
            explains=evidence.find(*CHECKS, to=node),
            confidence=Confidence.LIKELY,
            names={"node": node, "ports": ", ".join(ports)},
        )
