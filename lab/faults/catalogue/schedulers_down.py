"""No scheduler anywhere."""

from lab.faults import leaders, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "schedulers-down"


def inject(lab: Lab, _victims: Victims) -> None:
    """Stop all of them, and wait until the Lease of the last that led has run out."""
    leaders.stop(lab, leaders.SCHEDULER)
    until(lambda: not leaders.leads(lab, leaders.SCHEDULER), "the scheduler's Lease has run out")


def heal(lab: Lab, _victims: Victims) -> None:
    """Start them."""
    leaders.start(lab, leaders.SCHEDULER)


FAULT = Fault(
    name=NAME,
    breaks="kube-scheduler is stopped on every master.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("leader-missing",),
    blames=("Lease/kube-system/kube-scheduler",),
    # Probe pods name their nodes; only the Deployment of peers waits for a scheduler.
    red=("controlplane.leaders_at_work@api", "network.deployment_becomes_ready"),
)
