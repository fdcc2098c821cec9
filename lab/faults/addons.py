"""The add-ons of which there is one replica only: where they run, and whether they serve."""

from random import Random

from lab.errors import LabError
from lab.faults import objects, wellbeing
from lab.faults.waiting import until
from lab.handle import Lab

METRICS_SERVER = "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server"
METRICS_API = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
METRICS_PODS = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dmetrics-server"
DASHBOARD = "/api/v1/namespaces/kubernetes-dashboard/services/kubernetes-dashboard"
DASHBOARD_SLICES = (
    "/apis/discovery.k8s.io/v1/namespaces/kubernetes-dashboard/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes-dashboard"
)
SINGLE = ("metrics-server", "kubernetes-dashboard")  # the values of their label k8s-app


def node_without_single_addons(lab: Lab, random: Random) -> dict[str, str]:
    """One that carries no such replica: with it the add-on would be gone, which is another fault."""
    carrying = {
        pod["spec"].get("nodeName")
        for pod in wellbeing.addon_pods(lab)
        if pod["metadata"].get("labels", {}).get("k8s-app") in SINGLE
    }
    nodes = [node for node in lab.nodes if node not in carrying]
    if not nodes:
        raise LabError(
            "Every node of the lab carries metrics-server or the dashboard; this fault needs another."
        )
    return {"node": random.choice(nodes)}


def metrics_available(lab: Lab) -> bool:
    """Whether the aggregation layer calls the metrics API available."""
    return objects.holds(lab.api().get(METRICS_API), "Available")


def until_measured(lab: Lab) -> None:
    """Wait until every API server hands out figures of every node."""
    until(lambda: metrics_available(lab), "the metrics API is available")
    until(lambda: wellbeing.measured(lab) == set(lab.nodes), "metrics-server has figures of every node")


def dashboard_endpoints(lab: Lab) -> int:
    """How many endpoints its Service has that are ready."""
    listed = lab.api().get(DASHBOARD_SLICES) or {"items": []}
    endpoints = [one for item in listed["items"] for one in item.get("endpoints") or []]
    return sum(bool(one["conditions"].get("ready")) for one in endpoints)


def dashboard_answers(lab: Lab, node: str) -> bool:
    """Whether it answers HTTPS at its NodePort on a node, asked from there."""
    port = objects.read(lab, DASHBOARD)["spec"]["ports"][0]["nodePort"]
    page = ["curl", "-sk", "--max-time", "2", "-o", "/dev/null", f"https://{lab.address_of(node)}:{port}/"]
    return lab.exec_on_node(node, page).returncode == 0
