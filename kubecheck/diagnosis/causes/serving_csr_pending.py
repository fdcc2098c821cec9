"""A kubelet's request for a serving certificate waits for approval."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from kubecheck.checks import CannotTell, TlsAnswer, TlsHello, Vantage
from kubecheck.cluster.bootstrap import ANSWERED_WITHIN, SERVING_SIGNER, SigningRequest, unanswered
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import metrics_of, through_kubelet
from kubecheck.diagnosis.evidence import Evidence

PREFIX = "system:node:"


@cause(
    title="A kubelet waits for its serving certificate",
    confirm=(
        "kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving",
        "from another node: openssl s_client -connect {address}:{port} </dev/null",
    ),
    remedy=(
        "kubectl describe csr {request}; once it is sure that {node} itself asks: kubectl certificate approve {request}",
        "for all that come: run an approver for kubernetes.io/kubelet-serving, or set serverTLSBootstrap: false in the kubelet's configuration",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs",
)
def serving_csr_pending(evidence: Evidence) -> Iterator[Finding]:
    """With serverTLSBootstrap a kubelet asks for the certificate that it serves with, and nobody approves it.

    The controller-manager never does. Until somebody does, the kubelet ends every TLS handshake, so that
    exec, logs and metrics of its node do not work; one that renews goes on with the old one until that ends.
    """
    facts = evidence.facts
    for name, request in _waiting(evidence).items():
        node = next((each for each in facts.nodes if each.name == name), None)
        reading = facts.kubelets.get(name)
        mute = reading is None or reading.found is None
        waits = frozenset(
            s for s in evidence.find("certs.no_serving_request_waits") if request.name in s.message
        )
        said = (
            f"CertificateSigningRequest {request.name} of {request.user} is {request.state}"
            f" since {request.created}"
        )
        yield Finding(
            says=f"the kubelet of node {name} waits for its serving certificate: nobody approves its request",
            blames=(f"Node/{name}",),
            explains=waits
            | evidence.find("certs.kubelet_serving_certificate", node=name)
            | (through_kubelet(evidence, name) | metrics_of(evidence, name) if mute else frozenset()),
            confidence=Confidence.CERTAIN,
            names={
                "node": name,
                "request": request.name,
                "address": node.addresses[0] if node and node.addresses else name,
                "port": str(node.kubelet_port) if node else "10250",
            },
            confirmed=(said, *_handshake(evidence, name)),
        )


def _waiting(evidence: Evidence) -> dict[str, SigningRequest]:
    """By node, its youngest request that nobody has answered; the older ones are earlier tries."""
    facts = evidence.facts
    bootstrap, clock = facts.bootstrap.found, facts.clock.found
    requests = (bootstrap.requests.found if bootstrap else None) or ()
    if clock is None:
        return {}
    waiting: dict[str, list[tuple[SigningRequest, float]]] = defaultdict(list)
    for request, age in unanswered(requests, SERVING_SIGNER, datetime.fromisoformat(clock)):
        if request.state == "Pending" and request.common_name.startswith(PREFIX):
            waiting[request.common_name.removeprefix(PREFIX)].append((request, age))
    return {
        name: min(tries, key=lambda each: each[1])[0]
        for name, tries in waiting.items()
        if max(age for _, age in tries) >= ANSWERED_WITHIN
    }


def _handshake(evidence: Evidence, name: str) -> tuple[str, ...]:
    """What another node gets when it begins a handshake with the kubelet."""
    node = next((each for each in evidence.facts.nodes if each.name == name), None)
    probes = evidence.standing.probes if evidence.standing else ()
    others = [p.node for p in probes if p.network == "node" and not p.problem and p.node != name]
    if node is None or not node.addresses or not others:
        return ()
    answer = evidence.ask(Vantage("node", others[0]), TlsHello(node.addresses[0], node.kubelet_port))
    if isinstance(answer, CannotTell) or not isinstance(answer, TlsAnswer):
        return ()
    return (answer.told("a certificate"),) if not answer.chain else ()
