"""An image that one node does not have, and a registry that says nothing to it."""

from lab import gateway
from lab.faults import images, rules
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "registry-silent"


def inject(lab: Lab, victims: Victims) -> None:
    """Let whatever the node sends to the registry get lost, and take the image away."""
    rules.put(lab, NAME, victims["node"], "raw", "OUTPUT", "-d", gateway.REGISTRY, "-j", "DROP")
    images.lose(lab, victims)


def heal(lab: Lab, victims: Victims) -> None:
    """Give the image back, and let the packets pass."""
    images.give_back(lab, victims)
    rules.take_out(lab, NAME, [victims["node"]])


FAULT = Fault(
    name=NAME,
    breaks="One node lacks an image that probe pods need, and the registry does not answer it.",
    choose=images.node_and_image,
    inject=inject,
    heal=heal,
    causes=("image-not-pulled",),
    blames=("Node/{node}",),
    red=("network.probe_pod_runs@*:{node}", "network.deployment_becomes_ready"),
    # containerd gives up after 30 s: before that, nobody has said that anything failed.
    policy='[images]\npull_policy = "IfNotPresent"\n\n[timing]\npods_ready = 12\n',
)
