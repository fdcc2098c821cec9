"""API servers do not reach a kubelet that runs."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of, through_kubelet
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_state import MISSED_ONE, port_seen, reports

LOST = (
    "dial tcp",
    "i/o timeout",
    "no route to host",
    "connection refused",
    "deadline exceeded",
    "no answer in time",
)


@cause(
    title="API servers do not reach a node's kubelet",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/healthz",
        "on each master: nc -w 3 {address} {port} </dev/null && echo open",
    ),
    remedy=(
        "on {node}: iptables -S INPUT, or nft list ruleset: accept TCP {port} from the masters",
        "between {node} and the masters: a firewall or a security group that drops TCP {port}",
        "kubectl get --raw /api/v1/nodes/{node}/proxy/healthz",
    ),
    source="https://kubernetes.io/docs/reference/networking/ports-and-protocols/",
)
def kubelet_unreachable(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet reports and its node is Ready, but API servers do not get a connection to it.

    Pods run and serve for weeks like that. exec, logs, port-forward and the API server's proxy to the
    node fail, and nothing on the node can be asked.
    """
    for node in evidence.facts.nodes:
        reading = evidence.facts.kubelets.get(node.name)
        problem = reading.problem if reading and reading.found is None else ""
        if not (node.ready and reports(evidence, node, MISSED_ONE) and any(word in problem for word in LOST)):
            continue
        tried = min((s.message for s in evidence.find("nodes.exec", node=node.name, failed=True)), default="")
        seen = port_seen(evidence, node)
        # Where nobody reaches the port, metrics-server does not either.
        rows = metrics_of(evidence, node.name) if seen and not any(s.connected for s in seen) else frozenset()
        yield Finding(
            says=f"API servers do not reach the kubelet of node {node.name} on port {node.kubelet_port},"
            " although it runs and reports",
            blames=(f"Node/{node.name}",),
            explains=rows
            | through_kubelet(evidence, node.name)
            | evidence.find("network.node_to_node", "network.pod_to_node", to=node.name),
            confidence=Confidence.CERTAIN if tried or "dial tcp" in problem else Confidence.LIKELY,
            names={
                "node": node.name,
                "address": node.addresses[0] if node.addresses else node.name,
                "port": str(node.kubelet_port),
            },
            confirmed=(tried or problem, *(answer.told("a TCP connection") for answer in seen[:1])),
        )
