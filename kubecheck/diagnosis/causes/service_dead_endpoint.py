"""A Service sends some of its requests to an endpoint that does not answer."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import crossing


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
    standing = evidence.standing
    for peer in standing.peers if standing else ():
        name = f"{peer.namespace}/{peer.name}"
        spread = frozenset(
            s for s in evidence.find("network.service_spreads", failed=True) if name in s.message
        )
        direct = frozenset(
            s
            for s in evidence.find("network.pod_to_other_namespace", failed=True)
            if s.target.startswith(f"{peer.name} ")
        )
        asked = [v for (check, v), outcome in evidence.outcomes.items() if check == "network.service_spreads"]
        others = {vantage for vantage in asked if not vantage.endswith(f":{peer.node}")}
        if not others or others - {symptom.vantage for symptom in spread}:
            continue
        into = [(node.name, peer.node) for node in evidence.facts.probed_nodes]
        over_udp = evidence.pairs("network.pod_to_pod_over_udp", "pod")
        over_tcp = evidence.pairs("network.pod_to_pod", "pod")
        way_is_open = all(over_tcp.get(pair, True) or over_udp.get(pair) for pair in into)
        follows = crossing(evidence, into) - evidence.find("network.pod_to_pod_over_udp")
        yield Finding(
            says=f"one of {len(standing.peers) if standing else 0} endpoints of Service"
            f" {peer.namespace}/peer never answers: pod {peer.name} ({peer.address}) on node {peer.node}",
            blames=(f"Node/{peer.node}",),
            explains=spread | direct | follows,
            confidence=Confidence.LIKELY if way_is_open else Confidence.POSSIBLE,
            names={"node": peer.node},
            confirmed=(f"asked by itself, it does not answer at {len(direct)} vantages",) if direct else (),
        )
