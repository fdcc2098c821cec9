"""One API server gone, and the address in front of them serves as before."""

from lab.faults import victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "api-server-down"
ENDPOINTS = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes"


def _endpoints(lab: Lab) -> set[str]:
    found = lab.api().get(ENDPOINTS) or {}
    return {address for one in found.get("endpoints") or [] for address in one["addresses"]}


def inject(lab: Lab, its: Victims) -> None:
    """Stop it, and wait until the others have taken it out of the kubernetes Service."""
    node = its["node"]
    lab.stop(node, "kube-apiserver")
    until(lab.api().ready, "the VIP leads to the others only")
    until(
        lambda: str(lab.address_of(node)) not in (_endpoints(lab) or {str(lab.address_of(node))}),
        f"{node} is left out",
    )


def heal(lab: Lab, its: Victims) -> None:
    """Start it, and wait until it is an endpoint again."""
    node = its["node"]
    lab.start(node, "kube-apiserver")
    until(lab.api(node).ready, f"the API server of {node} is ready")
    until(
        lambda: str(lab.address_of(node)) in _endpoints(lab),
        f"{node} is an endpoint of the kubernetes Service",
    )


FAULT = Fault(
    name=NAME,
    breaks="One API server behind the VIP is stopped.",
    choose=victims.any_master,
    inject=inject,
    heal=heal,
    causes=("apiserver-down",),
    blames=("Node/{node}",),
    red=("controlplane.api_servers_count@api", "controlplane.api_servers_are_alive@api"),
    masters=2,
)
