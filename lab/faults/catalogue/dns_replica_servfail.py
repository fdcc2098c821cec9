"""One CoreDNS replica calls itself ready and answers SERVFAIL."""

from lab.errors import LabError
from lab.faults import dns, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dns-replica-servfail"
PORT = "5354"  # where the wrong answers come from, in the replica's network namespace
COREFILE = f""".:{PORT} {{
    template ANY ANY {{
        rcode SERVFAIL
    }}
}}
"""
FILE = "/run/kubecheck-lab-servfail.Corefile"
PROTOCOLS = ("udp", "tcp")


def inject(lab: Lab, victims: Victims) -> None:
    """Run another CoreDNS in the replica's network namespace, and lead its port 53 there."""
    machine = lab.machine(victims["node"])
    pid = dns.process_of(lab, victims["pod"], victims["node"])
    if pid is None:
        raise LabError(f"{victims['pod']} does not run on {victims['node']} any more: heal, and inject anew.")
    inside = ["nsenter", "--target", str(pid), "--net", "--"]
    machine.check(["tee", FILE], stdin=COREFILE)
    machine.forget(NAME)  # one that an interrupted injection has left
    machine.start(NAME, [*inside, f"/proc/{pid}/root/coredns", "-conf", FILE])
    for protocol in PROTOCOLS:
        if machine.run([*inside, *_rule("-C", protocol)]).returncode:
            machine.check([*inside, *_rule("-I", protocol)])
    address = dns.address_of(lab, victims["pod"])
    until(lambda: "SERVFAIL" in dns.ask(lab, victims["node"], address), f"{victims['pod']} answers SERVFAIL")


def heal(lab: Lab, victims: Victims) -> None:
    """Take both away; a replica that is gone has taken the rules with it."""
    machine = lab.machine(victims["node"])
    if pid := dns.process_of(lab, victims["pod"], victims["node"]):
        inside = ["nsenter", "--target", str(pid), "--net", "--"]
        for protocol in PROTOCOLS:
            machine.run([*inside, *_rule("-D", protocol)])
    machine.forget(NAME)
    machine.check(["rm", "-f", FILE])
    dns.until_well(lab)


def _rule(action: str, protocol: str) -> list[str]:
    match = ["PREROUTING", "-p", protocol, "--dport", "53"]
    return ["iptables", "-w", "-t", "nat", action, *match, "-j", "REDIRECT", "--to-ports", PORT]


FAULT = Fault(
    name=NAME,
    breaks="One of the CoreDNS replicas answers every question with SERVFAIL, though it is ready.",
    choose=victims.any_replica,
    inject=inject,
    heal=heal,
    causes=("dns-replica-broken",),
    blames=("Pod/kube-system/{pod}",),
    # The Service leads to it too, so that any lookup may be one that goes wrong.
    red=("dns.*@pod:*", "dns.each_replica_answers", "network.dns_service_*"),
)
