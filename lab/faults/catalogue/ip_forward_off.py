"""A node that forwards nothing."""

from lab.faults import victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "ip-forward-off"
SWITCH = "/proc/sys/net/ipv4/ip_forward"
DUMMY = "/run/kubecheck-lab-ip-forward"
GUARDED = f"grep -q ' {SWITCH} ' /proc/self/mounts"
OFF = f"{GUARDED} || {{ echo 0 >{SWITCH}; echo 1 >{DUMMY}; mount --bind {DUMMY} {SWITCH}; }}"
ON = f"{GUARDED} && umount {SWITCH}; echo 1 >{SWITCH}; rm -f {DUMMY}"


def inject(lab: Lab, victims: Victims) -> None:
    """Switch forwarding off, and mount a file over the switch, for CNI plugins would switch it on."""
    lab.machine(victims["node"]).check(["sh", "-c", OFF])


def heal(lab: Lab, victims: Victims) -> None:
    """Switch it on again."""
    lab.machine(victims["node"]).check(["sh", "-c", ON])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The kernel of one node does not forward: net.ipv4.ip_forward is 0.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("ip-forward-off",),
    blames=("Node/{node}",),
    red=(
        # Nothing gets to the node's pods, nor from them to anywhere but the node; add-ons may be among them.
        "network.*",
        "dns.*",
        "addons.*",
        "certs.kubernetes_service_certificate@pod:{node}",
    ),
)
