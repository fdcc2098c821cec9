"""A kubelet lets in people without credentials."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_fields import fields, wrong_in

FIELDS = (
    "authentication.anonymous.enabled",
    "authentication.webhook.enabled",
    "authorization.mode",
    "readOnlyPort",
)
UNASKED = frozenset({"authorization.mode"})
HERE = ("nodes.kubelet_asks_for_credentials", "nodes.kubelet_refuses_anonymous")


@cause(
    title="A kubelet lets in anybody",
    confirm=(
        "from anywhere: curl -sk https://{node}:10250/pods | head -c 200; curl -s http://{node}:10255/pods | head -c 200",
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz",
    ),
    remedy=(
        "on {node}, in the kubelet's configuration: authentication.anonymous.enabled: false, authentication.webhook.enabled: true, authorization.mode: Webhook, readOnlyPort: 0",
        "on {node}: systemctl restart kubelet; ss -ltnp sport = :10255",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
)
def kubelet_anonymous(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet answers without credentials, does not ask the API server for rights, or has its open port.

    Whoever reaches it reads all pods of the node, and on 10250 runs commands in them.
    """
    open_ports = evidence.find("nodes.read_only_port_closed", failed=True)
    here = evidence.find(*HERE, failed=True)
    for name in sorted({s.node for s in here} | {s.to or s.target for s in open_ports}):
        mine = {s for s in here if s.node == name} | {s for s in open_ports if name in (s.to, s.target)}
        # With AlwaysAllow alone it still asks who they are.
        open_to_all = any(s.check not in HERE[:1] or fields(s) != UNASKED for s in mine)
        what = "lets in anybody" if open_to_all else "asks nobody what callers may do"
        yield Finding(
            says=f"the kubelet of node {name} {what}",
            blames=(f"Node/{name}",),
            explains=wrong_in(evidence, name, *FIELDS) | mine,
            confidence=Confidence.CERTAIN,
            names={"node": name},
            confirmed=tuple(sorted(s.message for s in mine))[:2],
        )
