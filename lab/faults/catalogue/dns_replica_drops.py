"""One CoreDNS replica calls itself ready and answers nobody."""

from lab.faults import dns, rules, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dns-replica-drops"


def inject(lab: Lab, victims: Victims) -> None:
    """Drop what comes to its port 53; its health and readiness are asked at others."""
    address = dns.address_of(lab, victims["pod"])
    for chain in ("FORWARD", "OUTPUT"):
        for protocol in ("udp", "tcp"):
            match = ["-d", address, "-p", protocol, "--dport", "53", "-j", "DROP"]
            rules.put(lab, NAME, victims["node"], "filter", chain, *match)


def heal(lab: Lab, victims: Victims) -> None:
    """Take the rules out."""
    rules.take_out(lab, NAME, [victims["node"]])
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="One of the CoreDNS replicas drops every question, though it is ready.",
    choose=victims.any_replica,
    inject=inject,
    heal=heal,
    causes=("dns-replica-broken",),
    blames=("Pod/kube-system/{pod}",),
    # The Service leads to it too, so that any lookup may be one that is lost.
    red=("dns.*@pod:*", "dns.each_replica_answers", "network.dns_service_*"),
)
