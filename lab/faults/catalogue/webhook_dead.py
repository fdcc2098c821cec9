"""An admission webhook that must be asked, and nobody behind it."""

from lab.faults import victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "webhook-dead"
CONFIGURATION = "kubecheck-lab-fault"
COLLECTION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
SERVICES = "/api/v1/namespaces/default/services"


def inject(lab: Lab, _victims: Victims) -> None:
    """Register it for new pods, served by a Service whose pods are gone."""
    metadata = {"name": CONFIGURATION}
    api = lab.api()
    if api.get(f"{SERVICES}/{CONFIGURATION}") is None:
        spec = {"selector": {"app": CONFIGURATION}, "ports": [{"port": 443}]}
        api.create(SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    webhook = {
        "name": "pods.kubecheck.test",
        "clientConfig": {"service": {"namespace": "default", "name": CONFIGURATION}},
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
        ],
        "namespaceSelector": wellbeing.ELSEWHERE,
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 5,
    }
    if api.get(f"{COLLECTION}/{CONFIGURATION}") is None:
        api.create(
            COLLECTION,
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "ValidatingWebhookConfiguration",
                "metadata": metadata,
                "webhooks": [webhook],
            },
        )


def heal(lab: Lab, _victims: Victims) -> None:
    """Take both away."""
    lab.api().delete(f"{COLLECTION}/{CONFIGURATION}")
    lab.api().delete(f"{SERVICES}/{CONFIGURATION}")


FAULT = Fault(
    name=NAME,
    breaks="A validating webhook with failurePolicy Fail must judge every new pod, and nobody serves it.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("webhook-dead",),
    blames=(f"ValidatingWebhookConfiguration/{CONFIGURATION}",),
    red=("controlplane.webhooks_have_endpoints@api",),
)
