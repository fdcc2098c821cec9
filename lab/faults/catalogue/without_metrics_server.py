"""No fault: a cluster that has no metrics-server, and of which none is promised."""

from lab.faults import objects, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "without-metrics-server"
API_SERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server"
SERVICE = "/api/v1/namespaces/kube-system/services/metrics-server"
PODS = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dmetrics-server"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete it and its API, so that nothing tells of it."""
    for path in (API_SERVICE, SERVICE, DEPLOYMENT):
        objects.keep(lab, NAME, path)
        lab.api().delete(path)
    until(lambda: not objects.read(lab, PODS)["items"], "metrics-server's pod is gone")


def heal(lab: Lab, _victims: Victims) -> None:
    """Make it anew; its API last, for the API servers ask a dead one less and less often."""
    for path in (DEPLOYMENT, SERVICE):
        objects.restore(lab, NAME, path)
    until(lambda: _serves(lab), "metrics-server is ready")
    objects.restore(lab, NAME, API_SERVICE)
    wellbeing.until_well(lab)


def _serves(lab: Lab) -> bool:
    deployment = lab.api().get(DEPLOYMENT)
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
