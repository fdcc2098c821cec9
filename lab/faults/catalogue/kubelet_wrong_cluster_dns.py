"""One kubelet hands out a wrong DNS server: only pods that it starts from then on are wrong."""

from ipaddress import IPv4Network
from random import Random

from lab.faults import kubelets
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kubelet-wrong-cluster-dns"
HOSTS = (11, 53, 99)  # numbers in the Service CIDR at which nobody answers


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """The node, and the address that it hands out."""
    network = IPv4Network(lab.settings.service_cidr)
    return {"node": random.choice(lab.nodes), "server": str(network[random.choice(HOSTS)])}


def inject(lab: Lab, victims: Victims) -> None:
    """Change the kubelet's configuration, and restart it."""
    kubelets.change(lab, NAME, victims["node"], clusterDNS=[victims["server"]])


def heal(lab: Lab, victims: Victims) -> None:
    """Put it back, and restart the kubelet."""
    kubelets.restore(lab, NAME, victims["node"])


FAULT = Fault(
    name=NAME,
    breaks="The kubelet of one node gives its new pods a DNS server that is none.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("kubelet-dns-settings",),
    blames=("Node/{node}",),
    red=(
        "dns.kubelet_cluster_dns@api:{node}",
        "dns.*@pod:{node}",
        "dns.kubelets_agree",
        "nodes.kubelet_drift@api:{node}",
    ),
)
