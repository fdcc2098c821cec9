"""A node whose clock is ahead, as far as that can be had where all nodes share one kernel's clock.

Linux has no namespace for the time of day. So the shell in the node's copy of the images is one that tells
another time: whoever asks a pod of this node for it is told what a node with a wrong clock would tell.
"""

from lab.faults import victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "clock-skew"
AHEAD_SECONDS = 90
# Layers of images, in which /bin/sh is a link to busybox; each node has links of its own.
SHELLS = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs/bin/sh"
# Busybox's shell takes `date` for a command of its own, so that another /bin/date would not be asked.
# A script on its input may come through a pipe that stays open: it ends with a line `exit`.
SHELL = f"""\
#!/bin/busybox sh
date() {{ busybox date -d "@$(($(busybox date +%s) + {AHEAD_SECONDS}))" "$@"; }}
case ${{1-}} in
-c) script=$2; shift 2 ;;
*)
    script=
    while IFS= read -r line && [ "$line" != exit ]; do
        script="$script$line
"
    done
    ;;
esac
eval "$script"
"""


def inject(lab: Lab, its: Victims) -> None:
    """Put the shell in the place of the link to busybox."""
    machine = lab.machine(its["node"])
    for path in _shells(lab, its["node"]):
        machine.check(
            ["sh", "-c", 'cat >"$1.new" && chmod 755 "$1.new" && mv "$1.new" "$1"', "sh", path], SHELL
        )


def heal(lab: Lab, its: Victims) -> None:
    """Put the links back."""
    for path in _shells(lab, its["node"]):
        lab.machine(its["node"]).check(["ln", "-sfn", "busybox", path])


def _shells(lab: Lab, node: str) -> list[str]:
    return lab.machine(node).check(["sh", "-c", f"ls -d {SHELLS}"]).split()


FAULT = Fault(
    name=NAME,
    breaks="The clock that pods of one node are told is a minute and a half ahead.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("clock-skew",),
    blames=("Node/{node}",),
    red=("nodes.clocks_agree",),
    nodes=3,
)
