"""Certificates signed for Kubernetes' default of one year."""

from lab.faults import leaders, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "signing-for-one-year"
FLAG = "--cluster-signing-duration"


def inject(lab: Lab, _victims: Victims) -> None:
    """Run the controller-managers without the flag."""
    leaders.run_controller_managers(lab, {FLAG: None})


def heal(lab: Lab, _victims: Victims) -> None:
    """Run them with it."""
    leaders.run_controller_managers(lab, {})


FAULT = Fault(
    name=NAME,
    breaks="The controller-managers run without --cluster-signing-duration, and so sign for one year.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("signing-duration",),
    blames=(f"Flag/kube-controller-manager/{FLAG}",),
    red=("certs.issued_for_long_enough",),
)
