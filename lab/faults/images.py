"""Images that one node does not have, and cannot pull."""

from random import Random

from lab.errors import LabError
from lab.faults.fault import Victims
from lab.faults.waiting import until
from lab.handle import Lab

# With its registry: a name that the CRI would complete stays in its list when the image has lost it.
KEPT = "kubecheck.lab/fault:kept"
CTR = ["ctr", "--namespace", "k8s.io", "images"]


def node_and_image(lab: Lab, random: Random) -> dict[str, str]:
    """A node, and one of the images that the lab's policy names for probe pods."""
    return {"node": random.choice(lab.nodes), "image": random.choice(["busybox", "nginx"])}


def _reference(lab: Lab, image: str) -> str:
    for line in lab.policy.read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == image:
            return value.strip().strip('"')
    raise LabError(f"The lab's policy names no image {image!r}.")


def _there(lab: Lab, node: str, reference: str) -> bool:
    return reference in lab.machine(node).check([*CTR, "list", "--quiet"]).split()


def lose(lab: Lab, victims: Victims) -> None:
    """Give the node's image another name, which no pod asks for."""
    node, reference = victims["node"], _reference(lab, victims["image"])
    machine = lab.machine(node)
    if not _there(lab, node, KEPT):
        machine.check([*CTR, "tag", reference, KEPT])
    machine.check([*CTR, "remove", reference])
    until(lambda: not _there(lab, node, reference), f"{node} has lost {reference}")


def give_back(lab: Lab, victims: Victims) -> None:
    """Give it its name back."""
    node, reference = victims["node"], _reference(lab, victims["image"])
    machine = lab.machine(node)
    if not _there(lab, node, KEPT):
        return
    if not _there(lab, node, reference):
        machine.check([*CTR, "tag", KEPT, reference])
    machine.check([*CTR, "remove", KEPT])
