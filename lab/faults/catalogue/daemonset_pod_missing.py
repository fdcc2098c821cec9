"""The agent of a pod network, which one node lacks."""

from lab.faults import objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "daemonset-pod-missing"
AGENT = "calico-node"  # the runbook's; the lab's own pod network needs no agent
COLLECTION = "/apis/apps/v1/namespaces/kube-system/daemonsets"
PODS = f"/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3D{AGENT}"


def inject(lab: Lab, its: Victims) -> None:
    """Put it on every node but one, and wait until it is ready there."""
    if lab.api().get(f"{COLLECTION}/{AGENT}") is None:
        lab.api().create(COLLECTION, _agent(_pause(lab), its["node"]))
    until(lambda: _ready(lab) == len(lab.nodes) - 1, f"{AGENT} is ready on every other node")


def heal(lab: Lab, _its: Victims) -> None:
    """Take it away."""
    lab.api().delete(f"{COLLECTION}/{AGENT}")
    until(lambda: not objects.read(lab, PODS)["items"], f"the pods of {AGENT} are gone")


def _pause(lab: Lab) -> str:
    """The image of the sandboxes, which every node has."""
    node = lab.nodes[0]
    listed = lab.machine(node).check(["ctr", "--namespace", "k8s.io", "images", "list", "--quiet"])
    return next(name for name in listed.split() if "/pause:" in name)


def _ready(lab: Lab) -> int:
    found = lab.api().get(f"{COLLECTION}/{AGENT}") or {"status": {}}
    return int(found["status"].get("numberReady", 0))


def _agent(image: str, without: str) -> dict[str, object]:
    labels = {"k8s-app": AGENT}
    elsewhere = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": [without]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [elsewhere]}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": AGENT, "namespace": "kube-system", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "affinity": {
                        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}
                    },
                    "tolerations": [{"operator": "Exists"}],
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{"name": AGENT, "image": image, "imagePullPolicy": "Never"}],
                },
            },
        },
    }


FAULT = Fault(
    name=NAME,
    breaks="The DaemonSet of a pod network's agent has no pod on one node.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("daemonset-pod-missing",),
    blames=(f"DaemonSet/kube-system/{AGENT}", "Node/{node}"),
    red=("addons.cni_pod_ready@api:{node}", "controlplane.no_rollout_is_stuck@api"),
    nodes=2,
)
