"""One kubelet hands out a wrong search domain: only pods that it starts from then on are wrong."""

from random import Random

from lab.faults import kubelets
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "kubelet-other-domain"
DOMAINS = ("k8s.local", "cluster.internal", "cluster.lan")


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """The node, and the domain that it hands out."""
    return {"node": random.choice(lab.nodes), "domain": random.choice(DOMAINS)}


def inject(lab: Lab, victims: Victims) -> None:
    """Change the kubelet's configuration, and restart it."""
    kubelets.change(lab, NAME, victims["node"], clusterDomain=victims["domain"])


def heal(lab: Lab, victims: Victims) -> None:
    """Put it back, and restart the kubelet."""
    kubelets.restore(lab, NAME, victims["node"])


FAULT = Fault(
    name=NAME,
    breaks="The kubelet of one node gives its new pods another search domain than CoreDNS serves.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("kubelet-dns-settings",),
    blames=("Node/{node}",),
    red=(
        "dns.domain_is_served@api:{node}",
        "dns.*@pod:{node}",
        "dns.kubelets_agree",
        "nodes.kubelet_drift@api:{node}",
    ),
)
