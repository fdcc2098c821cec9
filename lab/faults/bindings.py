"""ClusterRoleBindings taken away by the role that they give, whatever they are called."""

from lab.errors import LabError
from lab.faults import objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.ledger import Ledger
from lab.handle import Lab

BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


def missing(name: str, role: str, breaks: str, red: tuple[str, ...]) -> Fault:
    """The fault that nothing binds this role of those that joining and renewing rest upon."""

    def inject(lab: Lab, _victims: Victims) -> None:
        take_away(lab, name, role)

    def heal(lab: Lab, _victims: Victims) -> None:
        give_back(lab, name)

    return Fault(
        name=name,
        breaks=breaks,
        choose=victims.nobody,
        inject=inject,
        heal=heal,
        causes=("bootstrap-binding",),
        blames=(f"ClusterRole/{role}",),
        red=red,
    )


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
