"""The cluster's DNS: its objects, its replicas, and whether every node reaches it again."""

from typing import Any

from lab.faults.objects import read
from lab.faults.waiting import until
from lab.handle import Lab

SYSTEM = "/api/v1/namespaces/kube-system"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
CONFIG = f"{SYSTEM}/configmaps/coredns"
SERVICE = f"{SYSTEM}/services/kube-dns"
PODS = f"{SYSTEM}/pods?labelSelector=k8s-app%3Dkube-dns"


def replicas(lab: Lab) -> list[dict[str, Any]]:
    """CoreDNS's pods that are not on their way out, in the order of their names."""
    pods = read(lab, PODS)["items"]
    staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return sorted(staying, key=lambda pod: str(pod["metadata"]["name"]))


def nodes_without(lab: Lab) -> list[str]:
    """The nodes that carry no CoreDNS."""
    carrying = {pod["spec"].get("nodeName") for pod in replicas(lab)}
    return [node for node in lab.nodes if node not in carrying]


def ready(lab: Lab) -> bool:
    """Whether all replicas that are wanted, and only they, are there and ready."""
    deployment = lab.api().get(DEPLOYMENT)
    pods = lab.api().get(PODS)
    if deployment is None or pods is None:
        return False
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    return bool(
        status.get("observedGeneration") == deployment["metadata"]["generation"]
        and status.get("readyReplicas", 0) == status.get("updatedReplicas", 0) == wanted
        and len(pods["items"]) == wanted
    )


def answers(lab: Lab, node: str) -> bool:
    """Whether the node gets an answer from the Service's address, over UDP.

    kube-proxy writes the rules of both transports at once, so TCP need not be asked too.
    """
    name = f"kubernetes.default.svc.{lab.settings.cluster_domain}"
    question = ["timeout", "2", "busybox", "nslookup", "-type=a", name, str(lab.settings.dns_service)]
    return f"Address: {lab.settings.kubernetes_service}\n" in lab.exec_on_node(node, question).stdout


def until_well(lab: Lab) -> None:
    """Wait until CoreDNS is complete and every node's rules lead to it."""
    until(lambda: ready(lab), "CoreDNS is ready")
    until(lambda: all(answers(lab, node) for node in lab.nodes), "CoreDNS answers every node")
