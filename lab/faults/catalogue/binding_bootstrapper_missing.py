"""New nodes may not ask for a certificate."""

from lab.faults import bindings, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "binding-bootstrapper-missing"
ROLE = "system:node-bootstrapper"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete every binding of the role."""
    bindings.take_away(lab, NAME, ROLE)


def heal(lab: Lab, _victims: Victims) -> None:
    """Make them again."""
    bindings.give_back(lab, NAME)


FAULT = Fault(
    name=NAME,
    breaks="No binding gives a bootstrap token's bearer the role that may request certificates.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("bootstrap-binding",),
    blames=(f"ClusterRole/{ROLE}",),
    red=(
        "certs.bootstrap_token_usable@api",
        "certs.token_may_request@api",
        "certs.new_node_gets_certificate",
        "certs.issued_*@rehearsal",
    ),
)
