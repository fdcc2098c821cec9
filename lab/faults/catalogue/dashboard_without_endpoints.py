"""The dashboard's Service selects nobody, and its pod runs."""

from lab.faults import addons, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "dashboard-without-endpoints"


def inject(lab: Lab, _victims: Victims) -> None:
    """Change the selector, and wait until no endpoint is left."""
    objects.keep(lab, NAME, addons.DASHBOARD)
    lab.api().patch(addons.DASHBOARD, {"spec": {"selector": {"k8s-app": "dashboard"}}})
    until(lambda: addons.dashboard_endpoints(lab) == 0, "the dashboard's Service has no endpoint")


def heal(lab: Lab, _victims: Victims) -> None:
    """Change it back, and wait until every node's NodePort leads to it."""
    objects.restore(lab, NAME, addons.DASHBOARD)
    until(lambda: addons.dashboard_endpoints(lab) > 0, "the dashboard's Service has an endpoint")
    until(lambda: all(addons.dashboard_answers(lab, node) for node in lab.nodes), "it answers on every node")


FAULT = Fault(
    name=NAME,
    breaks="The dashboard's Service has a selector that no pod matches.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("service-without-endpoints",),
    blames=("Service/kubernetes-dashboard/kubernetes-dashboard",),
    red=("addons.dashboard_*",),
)
