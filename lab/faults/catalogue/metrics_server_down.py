"""No metrics-server behind its API."""

from lab.faults import addons, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "metrics-server-down"


def inject(lab: Lab, _victims: Victims) -> None:
    """Scale it to nothing, and wait until the aggregation layer has noticed."""
    objects.keep(lab, NAME, addons.METRICS_SERVER)
    lab.api().patch(addons.METRICS_SERVER, {"spec": {"replicas": 0}})
    until(lambda: not objects.read(lab, addons.METRICS_PODS)["items"], "metrics-server's pod is gone")
    until(lambda: not addons.metrics_available(lab), "the metrics API is no longer available")


def heal(lab: Lab, _victims: Victims) -> None:
    """Scale it back."""
    objects.restore(lab, NAME, addons.METRICS_SERVER)
    addons.until_measured(lab)


FAULT = Fault(
    name=NAME,
    breaks="The Deployment metrics-server is scaled to 0 replicas.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("metrics-server-down",),
    blames=("Deployment/kube-system/metrics-server",),
    red=("addons.metrics_api_available@api", "addons.aggregated_apis_available@api"),
)
