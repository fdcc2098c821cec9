"""Whether a lab is well again after a node or its control plane has been down."""

from typing import Any

from lab.faults import dns, kubelets, objects
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

NAMESPACES = ("kube-system", "kubernetes-dashboard")
ELSEWHERE = {
    "matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(NAMESPACES)}
    ]
}
"""Selects all other namespaces: what products demand of pods they do not demand of the cluster's own."""
METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"


def addon_pods(lab: Lab) -> list[dict[str, Any]]:
    """The pods of the lab's add-ons; none when nobody can tell now."""
    found: list[dict[str, Any]] = []
    for namespace in NAMESPACES:
        listed = lab.api().get(f"/api/v1/namespaces/{namespace}/pods") or {"items": []}
        found += listed["items"]
    return found


def measured(lab: Lab) -> set[str]:
    """The nodes that metrics-server has figures of."""
    listed = lab.api().get(METRICS) or {"items": []}
    return {item["metadata"]["name"] for item in listed["items"]}


def until_nodes_well(lab: Lab) -> None:
    """Wait until every kubelet answers the API servers and every node is Ready."""
    until(lambda: all(kubelets.serves(lab, node) for node in lab.nodes), "every node is Ready")


def until_well(lab: Lab) -> None:
    """Wait until nodes, add-ons and metrics are as in a healthy lab; not while another fault is in."""
    if Ledger.of(lab).several():
        return
    until(lab.api().ready, "an API server is ready behind the VIP")
    until_nodes_well(lab)
    until(
        lambda: (pods := addon_pods(lab)) and all(objects.holds(pod, "Ready") for pod in pods),
        "every pod of every add-on is ready",
    )
    until(lambda: measured(lab) == set(lab.nodes), "metrics-server has figures of every node")
    dns.until_well(lab)
