"""The Service of the cluster's DNS selects nothing."""

from random import Random

from lab.faults import dns, objects
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dns-service-wrong-selector"
LABELS = ("coredns", "kubedns", "dns")


def choose(_lab: Lab, random: Random) -> dict[str, str]:
    """The label that no pod bears."""
    return {"label": random.choice(LABELS)}


def inject(lab: Lab, victims: Victims) -> None:
    """Change the selector, and wait until no node's rules lead to CoreDNS any more."""
    objects.keep(lab, NAME, dns.SERVICE)
    lab.api().patch(dns.SERVICE, {"spec": {"selector": {"k8s-app": victims["label"]}}})
    until(lambda: not any(dns.answers(lab, node) for node in lab.nodes), "no node reaches CoreDNS")


def heal(lab: Lab, _victims: Victims) -> None:
    """Put the selector back."""
    objects.restore(lab, NAME, dns.SERVICE)
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The Service kube-dns selects a label that no pod bears, while CoreDNS runs well.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("service-without-endpoints",),
    blames=("Service/kube-system/kube-dns",),
    red=("dns.*", "network.dns_service_*"),
)
