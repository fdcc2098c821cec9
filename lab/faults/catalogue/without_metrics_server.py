"""No fault: a cluster that has no metrics-server, and of which none is promised."""

from lab.faults import addons, objects, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "without-metrics-server"
SERVICE = "/api/v1/namespaces/kube-system/services/metrics-server"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete it and its API, so that nothing tells of it."""
    for path in (addons.METRICS_API, SERVICE, addons.METRICS_SERVER):
        objects.keep(lab, NAME, path)
        lab.api().delete(path)
    until(lambda: not objects.read(lab, addons.METRICS_PODS)["items"], "metrics-server's pod is gone")


def heal(lab: Lab, _victims: Victims) -> None:
    """Make it anew; its API last, for the API servers ask a dead one less and less often."""
    for path in (addons.METRICS_SERVER, SERVICE):
        objects.restore(lab, NAME, path)
    until(lambda: _serves(lab), "metrics-server is ready")
    objects.restore(lab, NAME, addons.METRICS_API)
    wellbeing.until_well(lab)


def _serves(lab: Lab) -> bool:
    deployment = lab.api().get(addons.METRICS_SERVER)
    return bool(deployment and deployment["status"].get("readyReplicas"))


FAULT = Fault(
    name=NAME,
    breaks="Nothing: there is no metrics-server, and the policy asks for none.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
    policy="[addons]\nmetrics_server = false\n",
)
