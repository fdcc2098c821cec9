"""No controller-manager anywhere."""

from lab.faults import leaders, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "controller-managers-down"


def inject(lab: Lab, _victims: Victims) -> None:
    """Stop all of them, and wait until the Lease of the last that led has run out."""
    leaders.stop(lab, leaders.CONTROLLER_MANAGER)
    until(
        lambda: not leaders.leads(lab, leaders.CONTROLLER_MANAGER),
        "the controller-manager's Lease has run out",
    )


def heal(lab: Lab, _victims: Victims) -> None:
    """Start them; what has waited for them is done at once."""
    leaders.start(lab, leaders.CONTROLLER_MANAGER)
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="kube-controller-manager is stopped on every master.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("leader-missing",),
    blames=("Lease/kube-system/kube-controller-manager",),
    red=(
        "controlplane.leaders_at_work@api",
        "certs.new_node_gets_certificate",
        "certs.root_ca_everywhere@api",
        # Nobody makes pods of a Deployment, or EndpointSlices of a new Service.
        "network.deployment_becomes_ready",
        "network.new_service_works",
        "network.service_of_other_namespace",
        "network.service_spreads",
        "network.node_port",
        "network.pod_reaches_itself",
        "network.large_transfer_through_service",
        "dns.headless_service",
        "dns.reverse_of_pod",
        "dns.srv_record",
    ),
)
