"""A node whose runtime and kubelet manage cgroups in two ways: what runs goes on, nothing new starts."""

from lab.faults import addons, files, kubelets, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "cgroup-driver-differs"
CONFIGURATION = "/etc/containerd/config.toml"


def inject(lab: Lab, victims: Victims) -> None:
    """Let containerd hand its cgroups to systemd, and restart it."""
    node = victims["node"]
    text = files.read(lab, node, CONFIGURATION)
    if "SystemdCgroup = false" in text:
        changed = files.replaced(text, "SystemdCgroup = false", "SystemdCgroup = true")
        files.write(lab, NAME, node, CONFIGURATION, changed)
    _restart(lab, node)


def heal(lab: Lab, victims: Victims) -> None:
    """Let it manage them itself again, as the kubelet does."""
    if files.restore(lab, NAME, victims["node"], CONFIGURATION):
        _restart(lab, victims["node"])
    wellbeing.until_well(lab)


def _restart(lab: Lab, node: str) -> None:
    lab.stop(node, "containerd")
    lab.start(node, "containerd")
    listing = ["ctr", "--namespace", "k8s.io", "containers", "list", "--quiet"]
    until(lambda: lab.exec_on_node(node, listing).returncode == 0, f"containerd of {node} answers")
    until(lambda: kubelets.serves(lab, node), f"{node} is Ready")


FAULT = Fault(
    name=NAME,
    breaks="The containerd of one node uses the cgroup driver systemd, its kubelet cgroupfs.",
    choose=addons.node_without_single_addons,
    inject=inject,
    heal=heal,
    causes=("cgroup-driver",),
    blames=("Node/{node}",),
    red=(
        "nodes.cgroup_driver@node:{node}",
        "network.probe_pod_runs@*:{node}",
        "network.deployment_becomes_ready",
    ),
    nodes=3,
)
