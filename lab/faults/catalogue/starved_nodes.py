"""No fault: nodes that have too little CPU, and are slow."""

from random import Random

from lab import cgroups
from lab.errors import LabError
from lab.faults import wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "starved-nodes"
PERIOD = 100_000  # microseconds, the kernel's own
WORKER_SHARES = (20, 25, 30)  # percent of one CPU
MASTER_SHARES = (50, 60)


def choose(_lab: Lab, random: Random) -> dict[str, str]:
    """What masters and workers get, in percent of one CPU."""
    return {"masters": str(random.choice(MASTER_SHARES)), "workers": str(random.choice(WORKER_SHARES))}


def inject(lab: Lab, victims: Victims) -> None:
    """Limit what every node runs beside its pods: kubelet, containerd, kube-proxy and the control plane.

    The pods themselves are spared: with cgroup v1 no container may have a limit above that of its node.
    """
    for node in lab.nodes:
        percent = int(victims["masters" if node in lab.masters else "workers"])
        _limit(lab, node, PERIOD * percent // 100)
    wellbeing.until_well(lab)


def heal(lab: Lab, _victims: Victims) -> None:
    """Lift the limits."""
    for node in lab.nodes:
        _limit(lab, node, None)
    wellbeing.until_well(lab)


def _limit(lab: Lab, node: str, quota: int | None) -> None:
    """Let a node's own processes use ``quota`` microseconds of CPU in each period, or all it can get."""
    cgroup = cgroups.leaf(lab.machine(node).cgroup)
    for hierarchy in cgroups.hierarchies():
        v1, v2 = hierarchy / cgroup / "cpu.cfs_quota_us", hierarchy / cgroup / "cpu.max"
        if v1.exists():
            v1.write_text(str(quota or -1))
            return
        if v2.exists():
            v2.write_text(f"{quota or 'max'} {PERIOD}")
            return
    raise LabError("The kernel of this machine cannot limit the CPU of a cgroup: it has no CFS bandwidth.")


FAULT = Fault(
    name=NAME,
    breaks="Nothing: every node has little CPU, and the cluster is slow.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
)
