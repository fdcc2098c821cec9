"""Nodes may not renew their certificates."""

from lab.faults import bindings, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "binding-selfnodeclient-missing"
ROLE = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient"


def inject(lab: Lab, _victims: Victims) -> None:
    """Delete every binding of the role."""
    bindings.take_away(lab, NAME, ROLE)


def heal(lab: Lab, _victims: Victims) -> None:
    """Make them again."""
    bindings.give_back(lab, NAME)


FAULT = Fault(
    name=NAME,
    breaks="No binding gives the nodes the role whose requests for renewal are approved.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("bootstrap-binding",),
    blames=(f"ClusterRole/{ROLE}",),
    red=("certs.renewal_is_approved@api",),
)
