"""The dashboard's administrator may log in, and may do nothing."""

from lab.faults import bindings, objects, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "dashboard-admin-without-rights"
BINDING = f"{bindings.BINDINGS}/admin-user"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete the binding to cluster-admin."""
    objects.keep(lab, NAME, BINDING)
    lab.api().delete(BINDING)


def heal(lab: Lab, _victims: Victims) -> None:
    """Make it again."""
    objects.restore(lab, NAME, BINDING)


FAULT = Fault(
    name=NAME,
    breaks="The ServiceAccount that logs in to the dashboard is bound to no role.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("dashboard-admin",),
    blames=("ServiceAccount/kube-system/admin-user",),
    red=("addons.dashboard_login@api",),
)
