"""A right that joining or renewing rests upon is bound to nobody."""

from collections.abc import Iterator
from datetime import datetime

from kubecheck.cluster.bootstrap import Bootstrap
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

REQUEST = "system:node-bootstrapper"
APPROVE = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
RENEW = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient"
SUBRESOURCES = {REQUEST: "", APPROVE: " --subresource=nodeclient", RENEW: " --subresource=selfnodeclient"}
UNISSUED = ("certs.new_node_gets_certificate", "certs.issued_*")


@cause(
    title="A binding that joining or renewing needs is missing",
    confirm=(
        "kubectl get clusterrolebindings -o wide | grep {role}",
        "kubectl auth can-i create certificatesigningrequests{subresource} --as somebody --as-group {group}",
    ),
    remedy=(
        "kubectl create clusterrolebinding {binding} --clusterrole={role} --group={group}",
        "kubectl get clusterrolebindings -o wide | grep {role}",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#authorization",
)
def bootstrap_binding(evidence: Evidence) -> Iterator[Finding]:
    """The authorizer says that a bootstrap token's groups, or the nodes', may not do what they must.

    Three bindings make nodes members: one lets a token ask for a certificate, one has the request approved,
    and one has a node's own renewal approved. Without the first two no node joins, and without the
    third every node drops out when its certificate ends.
    """
    facts = evidence.facts
    bootstrap = facts.bootstrap.found
    if bootstrap is None:
        return
    group = _group(bootstrap, facts.clock.found)
    missing = {}
    if _none(bootstrap.may_request.found):
        missing[REQUEST] = ("kubelet-bootstrap", group, "create requests for certificates")
    if _none(bootstrap.approves.found):
        missing[APPROVE] = ("node-autoapprove-bootstrap", group, "have its requests approved")
    if bootstrap.renews.found is False:
        renewing = ("node-autoapprove-certificate-rotation", "system:nodes", "have its renewals approved")
        missing[RENEW] = renewing
    explained = {
        REQUEST: evidence.find("certs.bootstrap_token_usable", "certs.token_may_request", *UNISSUED),
        APPROVE: evidence.find("certs.token_is_approved", "certs.no_client_request_waits", *UNISSUED),
        RENEW: evidence.find("certs.renewal_is_approved", "certs.no_client_request_waits"),
    }
    if REQUEST in missing:
        # Refused at the first step, the rehearsal says nothing about the second.
        explained[APPROVE] -= evidence.find(*UNISSUED)
    for role, (binding, members, what) in missing.items():
        if any(symptom.failed for symptom in explained[role]):
            yield Finding(
                says=f"no binding of ClusterRole {role} lets the group {members} {what}",
                blames=(f"ClusterRole/{role}",),
                explains=explained[role],
                confidence=Confidence.CERTAIN,
                names={
                    "binding": binding,
                    "role": role,
                    "group": members,
                    "subresource": SUBRESOURCES[role],
                },
                confirmed=tuple(
                    s.message
                    for s in sorted(explained[role], key=lambda s: s.check)
                    if "authorizer" in s.message
                ),
            )


def _none(answers: dict[str, bool] | None) -> bool:
    """Whether the authorizer was asked, and said no for every token."""
    return bool(answers) and not any(answers.values())  # type: ignore[union-attr]


def _group(bootstrap: Bootstrap, clock: str | None) -> str:
    """The group of the tokens that can be used: one of their own, or the one that they all share."""
    if clock is not None:
        now = datetime.fromisoformat(clock)
        for token in bootstrap.tokens.found or ():
            if not token.unusable(now) and token.groups:
                return token.groups[0]
    return "system:bootstrappers"
