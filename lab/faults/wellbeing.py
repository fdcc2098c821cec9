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
PODS = "/api/v1/namespaces/default/pods"
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


def until_kubelets_follow(lab: Lab) -> None:
    """Wait until every kubelet has taken up a pod that is new.

    One that could not reach an API server looks for new pods less and less often, up to a minute apart, and
    keeps its node Ready all the while.
    """
    if Ledger.of(lab).several():
        return
    names = {node: f"kubelet-follows-{node}" for node in lab.nodes}
    container = {"name": "none", "image": "kubecheck.lab/none:0", "imagePullPolicy": "Never"}
    try:
        for node, name in names.items():
            spec = {"nodeName": node, "automountServiceAccountToken": False, "containers": [container]}
            body = {"metadata": {"name": name}, "spec": {**spec, "tolerations": [{"operator": "Exists"}]}}
            lab.api().create(PODS, body)
        until(
            lambda: all(_taken_up(lab, name) for name in names.values()), "every kubelet takes up a new pod"
        )
    finally:
        for name in names.values():
            lab.api().delete(f"{PODS}/{name}")


def _taken_up(lab: Lab, name: str) -> bool:
    return "startTime" in (lab.api().get(f"{PODS}/{name}") or {}).get("status", {})


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
