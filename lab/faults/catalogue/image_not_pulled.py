"""An image that one node does not have and cannot pull; all others have it."""

from lab.faults import images
from lab.faults.fault import Fault

NAME = "image-not-pulled"

FAULT = Fault(
    name=NAME,
    breaks="One node lacks an image that probe pods need, and no registry that has it is reached.",
    choose=images.node_and_image,
    inject=images.lose,
    heal=images.give_back,
    causes=("image-not-pulled",),
    blames=("Node/{node}",),
    red=("network.probe_pod_runs@*:{node}", "network.deployment_becomes_ready"),
    policy='[images]\npull_policy = "IfNotPresent"\n',
)
