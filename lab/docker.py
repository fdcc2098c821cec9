"""Docker's daemon beside a worker's containerd, as the runbook installs it. No kubelet uses it."""

import json

from lab.machines import Machine
from lab.node import CGROUP_DRIVER, CONTAINERD_SOCKET, REGISTRY_MIRROR

# The runbook's daemon.json, with the cgroup driver that is true here.
CONFIGURATION = {
    "registry-mirrors": [REGISTRY_MIRROR],
    "exec-opts": [f"native.cgroupdriver={CGROUP_DRIVER}"],
    "max-concurrent-downloads": 10,
    "max-concurrent-uploads": 5,
    "log-opts": {"max-size": "300m", "max-file": "2"},
    "live-restore": True,
    # Without these it sets the policy of FORWARD to DROP, and with that cuts off the node's pods.
    "bridge": "none",
    "iptables": False,
}


def install(machine: Machine) -> None:
    """Write its configuration file."""
    directory = machine.root / "etc/docker"
    directory.mkdir()
    (directory / "daemon.json").write_text(json.dumps(CONFIGURATION, indent=2) + "\n")


def daemon() -> list[str]:
    """The daemon's command line."""
    return ["dockerd", f"--containerd={CONTAINERD_SOCKET}"]
