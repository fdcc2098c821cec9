"""Where pods reach pods, reduced to shapes, and what the nodes' kernels say of the way."""

from __future__ import annotations

from kubecheck.checks.vantage import Vantage
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import Shape, shapes
from kubecheck.probes import ForwardingAnswer, ReadForwarding, Route, RouteAnswer


def pod_shapes(evidence: Evidence) -> list[Shape]:
    """The shapes of what fails between pods, over TCP, leaving out nodes whose own pod does not run."""
    return shapes(evidence.pairs("network.pod_to_pod", "pod"))


def forwards(evidence: Evidence, node: str) -> bool | None:
    """Whether the node forwards IPv4 packets; None where that is not known."""
    answer = evidence.ask(Vantage("node", node), ReadForwarding())
    return answer.ipv4 if isinstance(answer, ForwardingAnswer) else None


def way(evidence: Evidence, source: str, target: str) -> str | None:
    """The device by which ``source`` sends to pods of ``target``; empty without a way, None if not known."""
    address = pod_address(evidence, target)
    return device(evidence, source, address) if address else None


def device(evidence: Evidence, source: str, address: str) -> str | None:
    """The device by which ``source`` sends to ``address``; empty without a way, None if not known."""
    answer = evidence.ask(Vantage("node", source), Route(address))
    return answer.device if isinstance(answer, RouteAnswer) else None


def pod_address(evidence: Evidence, node: str) -> str:
    """The address of the probe pod on ``node``; empty where it has none."""
    probes = evidence.standing.pod_probes if evidence.standing else ()
    return next((probe.address for probe in probes if probe.node == node), "")


def lost_way(evidence: Evidence, source: str, target: str, near: str) -> str:
    """That ``source`` has no route to the pods of ``target``, in another network than its own and ``near``'s.

    Another device than to the pods of ``near`` tells nothing by itself: a tunnel may be for other networks
    only. But where those nearby go by a tunnel, those afar do not go as packets for the node itself do.
    """
    here, usual = way(evidence, source, target), way(evidence, source, near)
    if here == "":
        return f"node {source} has no route to the pods of {target}"
    addresses = evidence.facts.node(target).addresses
    if not here or not usual or usual == here or not addresses:
        return ""
    if device(evidence, source, addresses[0]) != here:
        return ""
    return (
        f"node {source} sends packets for pods of {target} by {here}, and those for pods of {near}"
        f" by {usual}: the route is missing"
    )
