"""Pods of two nodes do not reach each other, and reach all others."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.pod_network import (
    NODES_TOO,
    below_pairs,
    mend_below,
    nodes_fail_too,
    pod_address,
    pod_shapes,
    way,
)
from kubecheck.diagnosis.traffic import crossing


@cause(
    title="The way between the pods of two nodes is broken",
    confirm=(
        "on both nodes: ip route get POD-ADDRESS, for a pod of the other node, and compare with the way to a third node",
        "on both nodes: bridge fdb show, ip neigh (VXLAN), wg show (WireGuard), ip xfrm state (IPsec)",
        "on both nodes: tcpdump -ni any host OTHER-NODE and udp, while one pod asks the other",
    ),
    remedy=(
        "on {source}: ip route get {address}; put back what is missing, or restart the CNI's pod there",
        "kubectl -n kube-system get pods -o wide, and delete the CNI's pods on {source} and {target}",
        "look for a firewall between {source} and {target}: overlays need their UDP port (VXLAN 4789 or 8472)",
    ),
    source="https://kubernetes.io/docs/concepts/cluster-administration/networking/",
)
def pod_path_broken(evidence: Evidence) -> Iterator[Finding]:
    """One of the two nodes does not know the way to the other's pods, or something between them drops it.

    A connection needs both directions, so a way that is missing in one of them fails both ways.
    """
    for shape in pod_shapes(evidence):
        if shape.form not in ("path", "direction"):
            continue
        one, other = shape.nodes
        nodes_too = nodes_fail_too(evidence, shape)
        odd = [
            (source, target, told)
            for source, target in ((one, other), (other, one))
            if not nodes_too and (told := _odd_way(evidence, source, target))
        ]
        source, target = odd[0][:2] if odd else (one, other)
        arrow = "to" if shape.form == "direction" else "and"
        reason = ": " + "; ".join(told for _, _, told in odd) if odd else ", and each reaches all others"
        follows = crossing(evidence, shape.pairs)
        yield Finding(
            says=f"no packet passes between pods of node {one} {arrow} pods of node {other}{NODES_TOO if nodes_too else reason}",
            blames=tuple(f"Node/{node}" for node in sorted({source, target})),
            explains=follows | below_pairs(evidence, shape) if nodes_too else follows,
            confidence=Confidence.CERTAIN if odd else Confidence.LIKELY,
            names={
                "source": source,
                "target": target,
                "address": pod_address(evidence, target) or "POD-ADDRESS",
            },
            confirmed=tuple(told for _, _, told in odd),
            remedy=mend_below(evidence, shape) if nodes_too else (),
        )


def _odd_way(evidence: Evidence, source: str, target: str) -> str:
    """What is odd about the way from one node to the other's pods, compared to a third's; empty if nothing."""
    here = way(evidence, source, target)
    if here is None:
        return ""
    if not here:
        return f"node {source} has no route to the pods of {target}"
    third = [
        node.name for node in evidence.facts.probed_nodes if node.name not in (source, target) and node.ready
    ]
    usual = {device for name in third[:3] if (device := way(evidence, source, name))}
    if len(usual) == 1 and here not in usual:
        return (
            f"node {source} sends packets for pods of {target} by {here}, and those for other nodes by"
            f" {usual.pop()}: the route is missing"
        )
    return ""
