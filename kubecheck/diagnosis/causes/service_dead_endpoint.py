"""A Service sends some of its requests to an endpoint that does not answer."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.pod_network import pod_shapes
from kubecheck.diagnosis.traffic import crossing
from kubecheck.fleet.standing import Peer


@cause(
    title="One endpoint of a Service does not answer",
    confirm=(
        "kubectl get endpointslices -A -o wide, and ask each address of the Service's by itself",
        "kubectl get pods -A -o wide, and look at the node of the pod that has the silent one",
    ),
    remedy=(
        "on {node}: iptables-save -c | grep -e DROP -e REJECT, and delete what drops the way to its pods",
        "kubectl get pods -A -o wide --field-selector spec.nodeName={node}, and delete the pod that is silent",
        "give the pods a readiness probe that asks what clients ask, so that a silent one is taken out",
    ),
    source="https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions",
)
def service_dead_endpoint(evidence: Evidence) -> Iterator[Finding]:
    """One of n endpoints is silent and still listed, so one request in n fails, from wherever it comes.

    A single try mostly succeeds. Its pod is Ready, because the readiness probe asks something else, or
    asks from the same node, where the way is open.
    """
    over_udp = evidence.pairs("network.pod_to_pod_over_udp", "pod")
    closed = {
        shape.nodes[0]
        for shape in pod_shapes(evidence)
        if shape.form == "target" and all(over_udp.get(pair) for pair in shape.pairs)
    }
    silent = _silent_peers(evidence)
    for node in sorted(closed | {peer.node for peer in silent}):
        mine = [peer for peer in silent if peer.node == node]
        into = [(other.name, node) for other in evidence.facts.probed_nodes]
        over_tcp = evidence.pairs("network.pod_to_pod", "pod")
        way_is_open = all(over_tcp.get(pair, True) or over_udp.get(pair) for pair in into)
        follows = crossing(evidence, into) - evidence.find("network.pod_to_pod_over_udp")
        # Through a Service its packets come back masqueraded, as those of others do.
        itself = evidence.find("network.pod_reaches_itself", node=node) if node in closed else frozenset()
        told = "; ".join(
            f"one of {_number(evidence)} endpoints of Service {peer.namespace}/peer never answers: pod"
            f" {peer.name} ({peer.address}) on node {node}"
            for peer in mine
        )
        yield Finding(
            says=told
            or f"pods on node {node} are Ready and listed as endpoints, and nobody elsewhere gets an"
            " answer over TCP from them, while UDP passes",
            blames=(f"Node/{node}",),
            explains=follows | itself | frozenset(s for peer in mine for s in _asked(evidence, peer)),
            confidence=Confidence.LIKELY if way_is_open else Confidence.POSSIBLE,
            names={"node": node},
        )


def _number(evidence: Evidence) -> int:
    return len(evidence.standing.peers) if evidence.standing else 0


def _silent_peers(evidence: Evidence) -> list[Peer]:
    """The replicas of the run's Deployment that no other node's requests to its Service ever led to."""
    asked = [v for (check, v), outcome in evidence.outcomes.items() if check == "network.service_spreads"]
    found = []
    for peer in evidence.standing.peers if evidence.standing else ():
        others = {vantage for vantage in asked if not vantage.endswith(f":{peer.node}")}
        if others and not others - {symptom.vantage for symptom in _spread(evidence, peer)}:
            found.append(peer)
    return found


def _spread(evidence: Evidence, peer: Peer) -> frozenset[Symptom]:
    """Where it never came to an answer of this one; what did answer is told before that."""
    name = f"{peer.namespace}/{peer.name}"
    failed = evidence.find("network.service_spreads", failed=True)
    return frozenset(s for s in failed if name in s.message.partition("never came")[2])


def _asked(evidence: Evidence, peer: Peer) -> frozenset[Symptom]:
    """What failed when the replica was asked, through its Service or by itself."""
    direct = evidence.find("network.pod_to_other_namespace", failed=True)
    return _spread(evidence, peer) | {s for s in direct if s.target.startswith(f"{peer.name} ")}
