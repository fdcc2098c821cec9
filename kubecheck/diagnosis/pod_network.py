"""Where pods reach pods, reduced to shapes, and what the nodes' kernels say of the way."""

from __future__ import annotations

from kubecheck.checks.vantage import Vantage
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.geometry import Shape, shapes
from kubecheck.outcomes import CannotTell
from kubecheck.probes import ForwardingAnswer, ReadForwarding, Route, RouteAnswer


def pod_shapes(evidence: Evidence) -> list[Shape]:
    """The shapes of what fails between pods, over TCP, leaving out nodes whose own pod does not run."""
    return shapes(evidence.pairs("network.pod_to_pod", "pod"))


def forwards(evidence: Evidence, node: str) -> bool | None:
    """Whether the node forwards IPv4 packets; None where that is not known."""
    answer = evidence.ask(Vantage("node", node), ReadForwarding())
    return answer.ipv4 if isinstance(answer, ForwardingAnswer) else None


def pod_address(evidence: Evidence, node: str) -> str:
    """The address of the node's probe pod, or what stands for it in a command."""
    for probe in evidence.standing.pod_probes if evidence.standing else ():
        if probe.node == node:
            return probe.address
    return "POD-ADDRESS"


def way(evidence: Evidence, source: str, target: str) -> str | None:
    """The device by which ``source`` sends to pods of ``target``; empty without a way, None if not known."""
    if evidence.standing is None:
        return None
    try:
        address = evidence.standing.probe("pod", target).address
    except CannotTell:
        return None
    if not address:
        return None
    answer = evidence.ask(Vantage("node", source), Route(address))
    return answer.device if isinstance(answer, RouteAnswer) else None
