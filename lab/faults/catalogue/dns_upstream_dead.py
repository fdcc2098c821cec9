"""The DNS servers above CoreDNS do not answer."""

from lab import gateway
from lab.faults import dns, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dns-upstream-dead"
OUTSIDE = "www.kubecheck.test"  # which the lab's gateway knows


def inject(lab: Lab, _victims: Victims) -> None:
    """Freeze the gateway's DNS server, and wait until CoreDNS has forgotten what it said."""
    lab.freeze(gateway.NAME, gateway.DNS)
    until(lambda: not any(_answers(lab)), f"{OUTSIDE} is resolved no more")


def heal(lab: Lab, _victims: Victims) -> None:
    """Let it go on."""
    lab.thaw(gateway.NAME, gateway.DNS)
    until(lambda: all(_answers(lab)), f"{OUTSIDE} is resolved again")


def _answers(lab: Lab) -> list[bool]:
    """Which replicas resolve a name outside. They forget a failure within seconds, an answer in 30."""
    addresses = [pod["status"]["podIP"] for pod in dns.replicas(lab)]
    return ["203.0.113.10" in dns.ask(lab, lab.nodes[0], address, OUTSIDE) for address in addresses]


FAULT = Fault(
    name=NAME,
    breaks="The DNS server that CoreDNS forwards to does not answer.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dns-upstream-dead",),
    blames=("ConfigMap/kube-system/coredns",),
    red=("dns.outside_name", "dns.no_such_name"),
    policy='[dns]\noutside_name = "www.kubecheck.test"\n',
)
