"""Serving certificates that kubelets ask for, approved as an operator would: nothing in Kubernetes does it.

https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#certificate-rotation
"""

import base64
from typing import Any

from cryptography import x509

from lab.api import Api
from lab.errors import LabError
from lab.settings import Node

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
SIGNER = "kubernetes.io/kubelet-serving"


def approve(api: Api, nodes: list[Node]) -> bool:
    """Approve the requests of these nodes' kubelets that wait; whether each of them has its certificate."""
    waiting = {f"system:node:{node.name}": node for node in nodes}
    listed = api.get(REQUESTS) or {"items": []}
    for request in listed["items"]:
        node = waiting.get(request["spec"]["username"])
        if node is None or request["spec"]["signerName"] != SIGNER:
            continue
        if "certificate" in request["status"]:
            del waiting[request["spec"]["username"]]
        elif not request["status"].get("conditions"):
            _approve(api, request, node)
    return not waiting


def _approve(api: Api, request: dict[str, Any], node: Node) -> None:
    asked = names(base64.b64decode(request["spec"]["request"]))
    if not asked or not asked <= {node.name, str(node.address)}:
        raise LabError(
            f"The kubelet of {node.name} asks for a certificate for {', '.join(asked) or 'no name'}."
        )
    condition = {
        "type": "Approved",
        "status": "True",
        "reason": "ApprovedByOperator",
        "message": "The names are the node's own.",
    }
    path = f"{REQUESTS}/{request['metadata']['name']}/approval"
    api.patch(path, {"status": {"conditions": [condition]}})


def names(request: bytes) -> set[str]:
    """The names and addresses that a certificate request in PEM asks for."""
    extensions = x509.load_pem_x509_csr(request).extensions
    try:
        asked = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in asked}
