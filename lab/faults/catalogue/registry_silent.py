"""An image that one node does not have, and a registry that says nothing to it."""

from lab import gateway
from lab.faults import files, images, rules
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "registry-silent"
PATH = "/etc/containerd/certs.d/kubecheck.lab/hosts.toml"  # the registry in the names of the lab's images
HOSTS = f"""\
[host."https://{gateway.REGISTRY}"]
  capabilities = ["pull", "resolve"]
"""


def inject(lab: Lab, victims: Victims) -> None:
    """Let the node look for images where whatever it sends gets lost, and take the image away."""
    node = victims["node"]
    lab.machine(node).check(["mkdir", "-p", PATH.rpartition("/")[0]])
    files.write(lab, NAME, node, PATH, HOSTS)
    rules.put(lab, NAME, node, "raw", "OUTPUT", "-d", gateway.REGISTRY, "-j", "DROP")
    images.lose(lab, victims)


def heal(lab: Lab, victims: Victims) -> None:
    """Give the image back, and let the packets pass."""
    images.give_back(lab, victims)
    rules.take_out(lab, NAME, [victims["node"]])
    files.restore(lab, NAME, victims["node"], PATH)


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
    policy='[images]\npull_policy = "IfNotPresent"\n\n[timing]\npods_ready = 20\n',
)
