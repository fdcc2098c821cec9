"""ClusterRoleBindings taken away by the role that they give, whatever they are called."""

from lab.errors import LabError
from lab.faults import objects
from lab.faults.ledger import Ledger
from lab.handle import Lab

BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


def take_away(lab: Lab, fault: str, role: str) -> None:
    """Delete every binding of the role, and remember each."""
    items = objects.read(lab, BINDINGS)["items"]
    names = [item["metadata"]["name"] for item in items if item["roleRef"]["name"] == role]
    if not names and not Ledger.of(lab).kept(fault):
        raise LabError(f"No ClusterRoleBinding of the lab gives the role {role}.")
    for name in names:
        objects.keep(lab, fault, f"{BINDINGS}/{name}")
        lab.api().delete(f"{BINDINGS}/{name}")


def give_back(lab: Lab, fault: str) -> None:
    """Make again what ``fault`` has taken away."""
    for path in Ledger.of(lab).kept(fault):
        objects.restore(lab, fault, path)
