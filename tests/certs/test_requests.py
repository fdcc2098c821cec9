"""Requests for certificates that kubelets have made."""

from datetime import datetime

from kubecheck.checks import (
    ANSWERED_WITHIN,
    API,
    CLIENT_SIGNER,
    SERVING_SIGNER,
    Facts,
    NotApplicable,
    SigningRequest,
    check,
    listed,
    unanswered,
)

LIST = "kubectl get certificatesigningrequests"
APPROVE = "once it is sure that the node itself asks: kubectl certificate approve NAME"


def waiting(facts: Facts, signer: str) -> list[str]:
    """Requests to ``signer`` that nobody has answered with a certificate for a minute, in words."""
    now = datetime.fromisoformat(facts.clock.value)
    requests = unanswered(facts.bootstrap.value.requests.value, signer, now)
    return [_told(each, age) for each, age in requests if age >= ANSWERED_WITHIN]


def _told(request: SigningRequest, age: float) -> str:
    state = {"Approved": "approved and not signed", "Pending": "waiting for approval"}.get(
        request.state, f"{request.state.lower()} ({request.reason})"
    )
    who = request.common_name or request.user
    return f"{request.name} of {who} is {state} since {age / 60:.0f} min ({request.user} made it)"


@check(
    title="No kubelet waits for its client certificate",
    at=API,
    runbook=("R27",),
    remedy=(
        LIST,
        "kubectl describe csr NAME",
        "look at the log of the leading kube-controller-manager",
        APPROVE,
    ),
)
def test_no_client_request_waits(facts: Facts) -> None:
    """No request to the signer of kubelets' client certificates is older than a minute and unanswered.

    A node that waits has not joined, or is about to drop out. Requests that nobody answers are
    removed after a day.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
    """
    found = waiting(facts, CLIENT_SIGNER)
    assert not found, f"{len(found)} requests: {listed(found, '; ')}; expected is an answer within a minute"


@check(
    title="No kubelet waits for its serving certificate",
    at=API,
    runbook=("R27",),
    remedy=(LIST, APPROVE, "or run an approver for kubernetes.io/kubelet-serving"),
)
def test_no_serving_request_waits(facts: Facts) -> None:
    """Where serverTLSBootstrap is on, somebody approves serving certificates: by default nobody does.

    Without one, logs, exec and metrics of the node do not work.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs
    """
    asking = [
        name
        for name, kubelet in facts.kubelets.items()
        if kubelet.found and kubelet.found.config.get("serverTLSBootstrap")
    ]
    requests = facts.bootstrap.value.requests.value
    if not asking and not any(each.signer == SERVING_SIGNER for each in requests):
        raise NotApplicable("no kubelet asks for a serving certificate (serverTLSBootstrap is off)")
    found = waiting(facts, SERVING_SIGNER)
    assert not found, (
        f"{len(found)} requests: {listed(found, '; ')}; the controller-manager never approves these"
        f" (serverTLSBootstrap is on at {listed(asking) or 'a node that is gone or silent'})"
    )
