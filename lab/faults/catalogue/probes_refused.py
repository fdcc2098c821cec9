"""A policy of the cluster that lets no new pod in which does not say whose it is."""

from lab.faults import victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "probes-refused"
POLICY = "pods-name-their-team"
GROUP = "/apis/admissionregistration.k8s.io/v1"
POLICIES = f"{GROUP}/validatingadmissionpolicies"
BINDINGS = f"{GROUP}/validatingadmissionpolicybindings"
VERSION = "admissionregistration.k8s.io/v1"


def inject(lab: Lab, _victims: Victims) -> None:
    """Demand a label of every pod outside of the system's namespaces."""
    api = lab.api()
    policy = {
        "apiVersion": VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": POLICY},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": wellbeing.ELSEWHERE,
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            },
            "validations": [
                {
                    "expression": "has(object.metadata.labels) && 'team' in object.metadata.labels",
                    "message": "every pod names its team in the label team",
                }
            ],
        },
    }
    binding = {
        "apiVersion": VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": POLICY},
        "spec": {"policyName": POLICY, "validationActions": ["Deny"]},
    }
    for collection, body in ((POLICIES, policy), (BINDINGS, binding)):
        if api.get(f"{collection}/{POLICY}") is None:
            api.create(collection, body)


def heal(lab: Lab, _victims: Victims) -> None:
    """Demand nothing any more."""
    for collection in (BINDINGS, POLICIES):
        lab.api().delete(f"{collection}/{POLICY}")


FAULT = Fault(
    name=NAME,
    breaks="An admission policy of the cluster refuses pods without a label that probe pods do not have.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("probes-refused",),
    blames=(f"ValidatingAdmissionPolicy/{POLICY}",),
    red=("network.probe_pod_runs", "network.deployment_becomes_ready"),
)
