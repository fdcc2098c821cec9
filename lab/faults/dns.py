"""The cluster's DNS: its objects, its replicas, and whether every node reaches it again."""

from collections.abc import Callable
from typing import Any

from lab.faults import objects, podnetwork, rules
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

SYSTEM = "/api/v1/namespaces/kube-system"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
CONFIG = f"{SYSTEM}/configmaps/coredns"
SERVICE = f"{SYSTEM}/services/kube-dns"
PODS = f"{SYSTEM}/pods?labelSelector=k8s-app%3Dkube-dns"
QUESTIONS = 6
"""Rules that still lead to a replica which is gone, beside one that is not, answer every second one."""


def replicas(lab: Lab) -> list[dict[str, Any]]:
    """CoreDNS's pods that are not on their way out, in the order of their names."""
    pods = objects.read(lab, PODS)["items"]
    staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    return sorted(staying, key=lambda pod: str(pod["metadata"]["name"]))


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
        # The Deployment's status for a while tells of pods that were.
        and all(objects.holds(pod, "Ready") for pod in pods["items"])
    )


def ask(lab: Lab, node: str, server: object, name: str = "") -> str:
    """What comes back when a node asks a server over UDP; by default for the kubernetes Service."""
    name = name or f"kubernetes.default.svc.{lab.settings.cluster_domain}"
    question = ["timeout", "2", "busybox", "nslookup", "-type=a", name, str(server)]
    return lab.exec_on_node(node, question).stdout


def answers(lab: Lab, node: str) -> bool:
    """Whether the node gets an answer from the Service's address.

    kube-proxy writes the rules of both transports at once, so TCP need not be asked too.
    """
    return f"Address: {lab.settings.kubernetes_service}\n" in ask(lab, node, lab.settings.dns_service)


def until_well(lab: Lab) -> None:
    """Wait until CoreDNS is complete and every node's rules lead to it; not while another fault is in."""
    if Ledger.of(lab).several():
        return
    until(lambda: ready(lab), "CoreDNS is ready")
    asked = lab.nodes * QUESTIONS
    until(lambda: all(answers(lab, node) for node in asked), "CoreDNS answers every node")


def block(lab: Lab, fault: str, nodes: list[str], protocol: str) -> None:
    """Drop the questions to CoreDNS over ``protocol`` that the nodes' pods and these nodes themselves ask."""
    for node in nodes:
        match = ["-d", lab.settings.pod_cidr, "-p", protocol, "--dport", "53", "-j", "DROP"]
        own = str(podnetwork.pods_of(lab, node))
        rules.put(lab, fault, node, "filter", "FORWARD", "-s", own, *match)
        rules.put(lab, fault, node, "filter", "OUTPUT", *match)


def change_corefile(lab: Lab, fault: str, edit: Callable[[str], str]) -> None:
    """Let ``edit`` change the Corefile, and replace the replicas: they notice but minutes later."""
    old: str = objects.keep(lab, fault, CONFIG)["data"]["Corefile"]
    lab.api().patch(CONFIG, {"data": {"Corefile": edit(old)}})
    replace_replicas(lab)


def restore_corefile(lab: Lab, fault: str) -> None:
    """Put the Corefile back, with replicas that have read it."""
    if CONFIG in Ledger.of(lab).kept(fault):
        objects.restore(lab, fault, CONFIG)
        replace_replicas(lab)
    until_well(lab)


def replace_replicas(lab: Lab) -> None:
    """Delete every CoreDNS pod, and wait until the new ones are ready."""
    delete_replicas(lab)
    until(lambda: ready(lab), "CoreDNS is ready")


def delete_replicas(lab: Lab) -> None:
    """Delete every CoreDNS pod, and wait until all of them are gone."""
    old = {pod["metadata"]["name"] for pod in replicas(lab)}
    for name in old:
        lab.api().delete(f"{SYSTEM}/pods/{name}")

    def gone() -> bool:
        pods = lab.api().get(PODS) or {"items": [{"metadata": {"name": name}} for name in old]}
        return not old & {pod["metadata"]["name"] for pod in pods["items"]}

    until(gone, "CoreDNS's old pods are gone")


def address_of(lab: Lab, pod: str) -> str:
    """A replica's address."""
    return str(objects.read(lab, f"{SYSTEM}/pods/{pod}")["status"]["podIP"])


def process_of(lab: Lab, pod: str, node: str) -> int | None:
    """The pid, as its node counts, of a replica's container; None when it does not run."""
    found = lab.api().get(f"{SYSTEM}/pods/{pod}")
    for status in found["status"].get("containerStatuses", []) if found else []:
        container = status.get("containerID", "").removeprefix("containerd://")
        for line in lab.machine(node).check(["ctr", "-n", "k8s.io", "task", "ls"]).splitlines():
            if container and line.startswith(container):
                return int(line.split()[1])
    return None
