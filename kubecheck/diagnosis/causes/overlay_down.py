"""No pod reaches a pod of another node."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.pod_network import (
    NODES_TOO,
    below_pairs,
    mend_below,
    nodes_fail_too,
    pod_shapes,
)
from kubecheck.diagnosis.traffic import crossing


@cause(
    title="The pod network is down between all nodes",
    confirm=(
        "kubectl -n kube-system get pods -o wide, and look at the CNI's pods and their logs",
        "on two nodes: tcpdump -ni any udp, while a pod of one asks a pod of the other",
    ),
    remedy=(
        "kubectl -n kube-system get daemonsets, and for the CNI's: kubectl -n kube-system rollout restart daemonset NAME",
        "let the overlay's protocol pass between all nodes: UDP 8472 (flannel) or 4789 (VXLAN), IP in IP, BGP",
    ),
    source="https://kubernetes.io/docs/concepts/cluster-administration/networking/",
)
def overlay_down(evidence: Evidence) -> Iterator[Finding]:
    """Pods reach pods of their own node only: the CNI does not run, or a firewall drops its overlay.

    Services whose endpoints are on another node fail, DNS on most nodes with them.
    Where the nodes themselves do not reach each other either, it is the network below.
    """
    for shape in pod_shapes(evidence):
        if shape.form != "overlay":
            continue
        nodes_too = nodes_fail_too(evidence, shape)
        follows = crossing(evidence, shape.pairs)
        yield Finding(
            says="no pod reaches any pod of another node" + (NODES_TOO if nodes_too else ""),
            blames=("Network/nodes" if nodes_too else "Network/pods",),
            explains=follows | below_pairs(evidence, shape) if nodes_too else follows,
            confidence=Confidence.LIKELY,
            remedy=mend_below(evidence, shape) if nodes_too else (),
        )
