"""An APIService that verifies what serves it by the wrong authority."""

import base64

from lab.faults import addons, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "metrics-api-wrong-ca"


def inject(lab: Lab, _victims: Victims) -> None:
    """Let it be verified by etcd's authority, which has signed nothing of metrics-server."""
    objects.keep(lab, NAME, addons.METRICS_API)
    bundle = base64.b64encode((lab.pki / "etcd/ca.crt").read_bytes()).decode()
    lab.api().patch(addons.METRICS_API, {"spec": {"insecureSkipTLSVerify": False, "caBundle": bundle}})
    until(lambda: not addons.metrics_available(lab), "the metrics API is no longer available")


def heal(lab: Lab, _victims: Victims) -> None:
    """Verify it as before: by a patch, for to replace an APIService one must name its version."""
    kept = objects.keep(lab, NAME, addons.METRICS_API)["spec"]
    fields = ("insecureSkipTLSVerify", "caBundle")
    lab.api().patch(addons.METRICS_API, {"spec": {field: kept.get(field) for field in fields}})
    addons.until_measured(lab)


FAULT = Fault(
    name=NAME,
    breaks="The APIService of the metrics API has the CA of somebody else.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("metrics-apiservice",),
    blames=("APIService/v1beta1.metrics.k8s.io",),
    red=("addons.metrics_api_available@api", "addons.aggregated_apis_available@api"),
)
