"""CoreDNS may not read Services and endpoints."""

from lab.faults import dns, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dns-without-rights"
BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:coredns"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete its binding, and its pods: those that run go on for some time with what they know."""
    objects.keep(lab, NAME, BINDING)
    lab.api().delete(BINDING)
    dns.delete_replicas(lab)
    until(lambda: not any(dns.answers(lab, node) for node in lab.nodes), "no node reaches CoreDNS")

    def run() -> bool:
        states = [pod["status"].get("containerStatuses", []) for pod in objects.read(lab, dns.PODS)["items"]]
        return all(state and "running" in state[0]["state"] for state in states)

    until(run, "CoreDNS's new pods run")


def heal(lab: Lab, _victims: Victims) -> None:
    """Bind it again, with new pods: those that were refused ask again less and less often."""
    objects.restore(lab, NAME, BINDING)
    if not dns.ready(lab):
        dns.replace_replicas(lab)
    dns.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The ClusterRoleBinding of CoreDNS is missing: its pods run, and never become ready.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dns-without-rights",),
    blames=("ClusterRoleBinding/system:coredns",),
    red=(
        "dns.*",
        "network.dns_service_*",
        "controlplane.system_pods_ready",
        "controlplane.no_rollout_is_stuck",
    ),
)
