"""API servers do not reach a kubelet that runs."""

import re
from collections.abc import Iterator

from kubecheck.diagnosis.alike import named
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
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
# As Go's resolver says it: lookup node1 on 10.0.0.1:53: no such host, or: server misbehaving.
UNRESOLVED = re.compile(r"\blookup \S+?(?: on \S+)?: ")
BY_ADDRESS = (
    "on every master: kube-apiserver --kubelet-preferred-address-types=InternalIP,Hostname; systemctl restart kube-apiserver",
    "or let every master know the names, in DNS or in /etc/hosts: kubectl get nodes -o wide",
    "kubectl get --raw /api/v1/nodes/{node}/proxy/healthz",
)


@cause(
    title="API servers do not reach a node's kubelet",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/healthz",
        "on each master: nc -w 3 {address} {port} </dev/null && echo open",
        "where it is a name that is not found, on each master: nslookup {node}",
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
    node fail, and nothing on the node can be asked. Where API servers do not resolve the names by which they
    look for nodes, it is these and no node that are at fault.
    """
    unresolved = {}
    for node in evidence.facts.nodes:
        reading = evidence.facts.kubelets.get(node.name)
        problem = reading.problem if reading and reading.found is None else ""
        if not (node.ready and reports(evidence, node, MISSED_ONE) and any(word in problem for word in LOST)):
            continue
        if UNRESOLVED.search(problem):
            unresolved[node.name] = problem
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
    if unresolved:
        yield _by_name(evidence, unresolved)


def _by_name(evidence: Evidence, unresolved: dict[str, str]) -> Finding:
    """API servers look for these nodes by name, and do not resolve it; each with what they say."""
    names = {"node": min(unresolved)}
    return Finding(
        says=f"API servers do not resolve the name of {named(unresolved)}, so they do not reach the kubelet there",
        blames=("Component/kube-apiserver",),
        explains=frozenset().union(*(through_kubelet(evidence, name) for name in unresolved)),
        confidence=Confidence.CERTAIN,
        names=names,
        confirmed=tuple(dict.fromkeys(unresolved.values()))[:2],
        remedy=tuple(filled(step, names) for step in BY_ADDRESS),
    )
