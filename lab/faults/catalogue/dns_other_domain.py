"""CoreDNS and the kubelets do not agree on the cluster's domain."""

from random import Random

from lab.faults import dns, files
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-other-domain"
DOMAINS = ("k8s.local", "cluster.internal", "cluster.lan")


def choose(_lab: Lab, random: Random) -> dict[str, str]:
    """The domain that CoreDNS serves instead."""
    return {"domain": random.choice(DOMAINS)}


def inject(lab: Lab, victims: Victims) -> None:
    """Write it into the Corefile."""
    old, new = f"kubernetes {lab.settings.cluster_domain} ", f"kubernetes {victims['domain']} "
    dns.change_corefile(lab, NAME, lambda text: text if new in text else files.replaced(text, old, new))


def heal(lab: Lab, _victims: Victims) -> None:
    """Put the Corefile back."""
    dns.restore_corefile(lab, NAME)


FAULT = Fault(
    name=NAME,
    breaks="CoreDNS serves another cluster domain than the one that pods are given.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("dns-domain-mismatch",),
    blames=("ConfigMap/kube-system/coredns",),
    red=("dns.*@pod:*", "dns.domain_is_served", "dns.each_replica_answers", "network.dns_service_*"),
)
