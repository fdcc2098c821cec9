"""New nodes may ask for a certificate, and nobody approves it."""

from lab.faults import bindings, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "binding-nodeclient-missing"
ROLE = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete every binding of the role."""
    bindings.take_away(lab, NAME, ROLE)


def heal(lab: Lab, _victims: Victims) -> None:
    """Make them again."""
    bindings.give_back(lab, NAME)


FAULT = Fault(
    name=NAME,
    breaks="No binding gives a bootstrap token's bearer the role whose requests are approved.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("bootstrap-binding",),
    blames=(f"ClusterRole/{ROLE}",),
    red=(
        "certs.token_is_approved@api",
        "certs.new_node_gets_certificate",
        "certs.issued_*@rehearsal",
    ),
)
