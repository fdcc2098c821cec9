"""DNS over UDP or over TCP lost on the way to CoreDNS: from one node, or in the whole cluster."""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

CAUSES = ("dns-transport-blocked",)


def blocked_everywhere(name: str, protocol: str, breaks: str, red: tuple[str, ...]) -> Fault:
    """The fault that every node drops it as it leaves, whether a pod or the node itself asks."""

    def inject(lab: Lab, _victims: Victims) -> None:
        dns.block(lab, name, lab.nodes, protocol)

    def heal(lab: Lab, _victims: Victims) -> None:
        rules.take_out(lab, name)
        dns.until_well(lab)

    blames = ("Service/kube-system/kube-dns",)
    return Fault(name, breaks, victims.nobody, inject, heal, CAUSES, blames, red)


def blocked_on_node(name: str, protocol: str, breaks: str, red: tuple[str, ...]) -> Fault:
    """The fault that one node drops what its pods and itself ask; what others ask a CoreDNS there arrives."""

    def inject(lab: Lab, victims: Victims) -> None:
        dns.block(lab, name, [victims["node"]], protocol)

    def heal(lab: Lab, victims: Victims) -> None:
        rules.take_out(lab, name, [victims["node"]])
        dns.until_well(lab)

    return Fault(name, breaks, victims.any_node, inject, heal, CAUSES, ("Node/{node}",), red)
