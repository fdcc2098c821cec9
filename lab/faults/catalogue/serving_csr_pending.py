"""A kubelet that asks for its serving certificate, and nobody approves: it can serve nobody."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from lab.errors import LabError
from lab.faults import kubelets, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab
from lab.servingcerts import REQUESTS, SIGNER

NAME = "serving-csr-pending"
IN_VAIN_SECONDS = 62.0  # whoever approves such requests does so within a minute


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """A node whose kubelet has signed its own until now."""
    nodes = [node.name for node in lab.settings.nodes if not node.server_tls_bootstrap]
    if not nodes:
        raise LabError(
            "Every kubelet of the lab has a serving certificate; this fault needs one that has none."
        )
    return {"node": random.choice(nodes)}


def inject(lab: Lab, victims: Victims) -> None:
    """Let it ask, and wait until its request has waited for so long that nobody can be at work on it."""
    node = victims["node"]
    kubelets.configure(lab, NAME, node, serverTLSBootstrap=True)
    lab.stop(node, "kubelet")
    lab.start(node, "kubelet")
    until(lambda: _oldest(lab, node) > IN_VAIN_SECONDS, f"the request of {node} has waited for a minute")


def heal(lab: Lab, victims: Victims) -> None:
    """Let it sign its own again, and forget its requests."""
    node = victims["node"]
    kubelets.restore(lab, NAME, node)
    for request in _requests(lab, node):
        lab.api().delete(f"{REQUESTS}/{request['metadata']['name']}")
    wellbeing.until_well(lab)


def _requests(lab: Lab, node: str) -> list[dict[str, Any]]:
    listed = lab.api().get(REQUESTS) or {"items": []}
    return [
        item
        for item in listed["items"]
        if (item["spec"]["username"], item["spec"]["signerName"]) == (f"system:node:{node}", SIGNER)
    ]


def _oldest(lab: Lab, node: str) -> float:
    """Seconds that the node's oldest request has waited; 0 without one."""
    now = datetime.now(UTC)
    created = [datetime.fromisoformat(one["metadata"]["creationTimestamp"]) for one in _requests(lab, node)]
    return max(((now - each).total_seconds() for each in created), default=0.0)


FAULT = Fault(
    name=NAME,
    breaks="One kubelet asks for a serving certificate (serverTLSBootstrap), and nobody approves it.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("serving-csr-pending",),
    blames=("Node/{node}",),
    red=(
        "certs.kubelet_serving_certificate@node:{node}",
        "certs.no_serving_request_waits@api",
        "certs.kubelet_accepts_promised_suite@node:{node}",
        "nodes.exec@kubectl:{node}",
        "nodes.logs@kubectl:{node}",
        "nodes.port_forward@kubectl:{node}",
        "addons.node_has_metrics@api:{node}",
        "addons.pods_have_metrics@api",
    ),
)
