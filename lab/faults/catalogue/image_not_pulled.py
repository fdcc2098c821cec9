"""An image that one node does not have and cannot pull; all others have it."""

from random import Random

from lab.errors import LabError
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "image-not-pulled"
# With its registry: a name that the CRI would complete stays in its list when the image has lost it.
KEPT = "kubecheck.lab/fault:kept"
CTR = ["ctr", "--namespace", "k8s.io", "images"]


def choose(lab: Lab, random: Random) -> dict[str, str]:
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


def inject(lab: Lab, victims: Victims) -> None:
    """Give it another name, which no pod asks for."""
    node, reference = victims["node"], _reference(lab, victims["image"])
    machine = lab.machine(node)
    if not _there(lab, node, KEPT):
        machine.check([*CTR, "tag", reference, KEPT])
    machine.check([*CTR, "remove", reference])
    until(lambda: not _there(lab, node, reference), f"{node} has lost {reference}")


def heal(lab: Lab, victims: Victims) -> None:
    """Give it its name back."""
    node, reference = victims["node"], _reference(lab, victims["image"])
    machine = lab.machine(node)
    if not _there(lab, node, KEPT):
        return
    if not _there(lab, node, reference):
        machine.check([*CTR, "tag", KEPT, reference])
    machine.check([*CTR, "remove", KEPT])


FAULT = Fault(
    name=NAME,
    breaks="One node lacks an image that probe pods need, and no registry that has it is reached.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("image-not-pulled",),
    blames=("Node/{node}",),
    red=("network.probe_pod_runs@*:{node}", "network.deployment_becomes_ready"),
    policy='[images]\npull_policy = "IfNotPresent"\n',
)
