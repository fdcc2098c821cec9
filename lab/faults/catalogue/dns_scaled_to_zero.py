"""No CoreDNS at all."""

from lab.faults import dns, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dns-scaled-to-zero"


def inject(lab: Lab, _victims: Victims) -> None:
    """Scale it to nothing, and wait until the last replica is gone."""
    objects.keep(lab, NAME, dns.DEPLOYMENT)
    lab.api().patch(dns.DEPLOYMENT, {"spec": {"replicas": 0}})
    until(lambda: not objects.read(lab, dns.PODS)["items"], "CoreDNS's pods are gone")


def heal(lab: Lab, _victims: Victims) -> None:
    """Scale it back."""
    objects.restore(lab, NAME, dns.DEPLOYMENT)
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="CoreDNS is scaled to 0 replicas.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dns-not-running",),
    blames=("Deployment/kube-system/coredns",),
    red=("dns.*", "network.dns_service_*"),
)
