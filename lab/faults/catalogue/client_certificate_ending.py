"""A kubelet whose client certificate ends in two days."""

from lab.faults import certificates, files, kubelets, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.ledger import Ledger
from lab.handle import Lab

NAME = "client-certificate-ending"
DAYS = 2  # a kubelet begins to ask for another one when less than a third of its life is left
CURRENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"  # a link to the newest
ENDING = "/var/lib/kubelet/pki/kubelet-client-ending.pem"


def inject(lab: Lab, its: Victims) -> None:
    """Link to one that ends soon, and restart the kubelet."""
    node = its["node"]
    machine = lab.machine(node)
    Ledger.of(lab).keep(NAME, CURRENT, machine.check(["readlink", CURRENT]).strip())
    made = certificates.for_kubelet(lab, node, DAYS)
    files.write(lab, NAME, node, ENDING, (made.certificate + made.key).decode())
    machine.check(["ln", "-sfn", ENDING, CURRENT])
    kubelets.restart(lab, node)
    kubelets.until_measured(lab, node)


def heal(lab: Lab, its: Victims) -> None:
    """Link to the old one."""
    target = Ledger.of(lab).kept(NAME).get(CURRENT)
    if target is None:
        return
    lab.machine(its["node"]).check(["ln", "-sfn", target, CURRENT])
    files.restore(lab, NAME, its["node"], ENDING)
    kubelets.restart(lab, its["node"])
    kubelets.until_measured(lab, its["node"])
    wellbeing.until_well(lab)


FAULT = Fault(
    name=NAME,
    breaks="The client certificate of one kubelet ends in two days.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("client-certificate-ending",),
    blames=("Node/{node}",),
    red=("certs.kubelet_client_certificate@api:{node}",),
)
