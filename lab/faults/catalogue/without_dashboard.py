"""No fault: a cluster that has no dashboard, and of which none is promised."""

from lab.faults import addons, objects, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "without-dashboard"
DEPLOYMENT = "/apis/apps/v1/namespaces/kubernetes-dashboard/deployments/kubernetes-dashboard"
PODS = "/api/v1/namespaces/kubernetes-dashboard/pods"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete it."""
    for path in (addons.DASHBOARD, DEPLOYMENT):
        objects.keep(lab, NAME, path)
        lab.api().delete(path)
    until(lambda: not objects.read(lab, PODS)["items"], "the dashboard's pod is gone")


def heal(lab: Lab, _victims: Victims) -> None:
    """Make it anew."""
    for path in (DEPLOYMENT, addons.DASHBOARD):
        objects.restore(lab, NAME, path)
    until(lambda: objects.read(lab, PODS)["items"], "the dashboard has a pod")
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="Nothing: there is no dashboard, and the policy asks for none.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
    policy='[addons]\ndashboard = false\ndashboard_admin = ""\n',
)
