"""A kubelet lets in people without credentials."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_fields import wrong_in

FIELDS = (
    "authentication.anonymous.enabled",
    "authentication.webhook.enabled",
    "authorization.mode",
    "readOnlyPort",
)
HERE = ("nodes.kubelet_asks_for_credentials", "nodes.kubelet_refuses_anonymous")


@cause(
    title="A kubelet lets in anybody",
    confirm=(
        "from anywhere: curl -sk https://{node}:10250/pods | head -c 200; curl -s http://{node}:10255/pods | head -c 200",
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz",
    ),
    remedy=(
        "on {nodes}, in the kubelet's configuration: authentication.anonymous.enabled: false, authentication.webhook.enabled: true, authorization.mode: Webhook, readOnlyPort: 0",
        "on {nodes}: systemctl restart kubelet; ss -ltnp sport = :10255",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
)
def kubelet_anonymous(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet answers without credentials, does not ask the API server for rights, or has its open port.

    Whoever reaches it reads all pods of the node, and on 10250 runs commands in them.
    """
    open_ports = evidence.find("nodes.read_only_port_closed", failed=True)
    here = evidence.find(*HERE, failed=True)
    nodes = sorted({s.node for s in here} | {s.to or s.target for s in open_ports})
    if not nodes:
        return
    yield Finding(
        says=f"the {'kubelet' if len(nodes) == 1 else 'kubelets'} of {named(nodes)}"
        f" {'lets' if len(nodes) == 1 else 'let'} in anybody",
        blames=tuple(f"Node/{name}" for name in nodes),
        explains=here | open_ports | {s for name in nodes for s in wrong_in(evidence, name, *FIELDS)},
        confidence=Confidence.CERTAIN,
        names={"node": nodes[0], "nodes": ", ".join(nodes)},
        confirmed=tuple(sorted(s.message for s in here | open_ports))[:2],
    )
