"""A kubelet waits for its client certificate."""

from collections.abc import Iterator

from kubecheck.cluster.bootstrap import CLIENT_SIGNER
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.wording import listed

PREFIX = "system:node:"


@cause(
    title="A kubelet waits for its client certificate",
    confirm=("kubectl get csr; kubectl describe csr {request}",),
    remedy=(
        "kubectl describe csr {request}; once it is sure that the node itself asks: kubectl certificate approve {request}",
        "kubectl -n kube-system get lease kube-controller-manager, and look at its holder's log: it approves and signs",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#approval",
)
def client_request_waiting(evidence: Evidence) -> Iterator[Finding]:
    """A request for a kubelet's client certificate has had no answer for a minute.

    Its node has not joined, or drops out when its old certificate ends.
    """
    bootstrap = evidence.facts.bootstrap.found
    requests = (bootstrap.requests.found if bootstrap else None) or ()
    for symptom in evidence.find("certs.no_client_request_waits", failed=True):
        waiting = [
            r for r in requests if r.signer == CLIENT_SIGNER and not r.ends and r.name in symptom.message
        ]
        if not waiting:
            continue
        nodes = sorted({r.common_name.removeprefix(PREFIX) for r in waiting if r.common_name})
        state = "signs" if all(r.state == "Approved" for r in waiting) else "approves"
        yield Finding(
            says=f"nobody {state} the requests for client certificates of {listed(nodes)}",
            blames=tuple(f"CertificateSigningRequest/{r.name}" for r in waiting[:5]),
            explains=frozenset({symptom}),
            confidence=Confidence.LIKELY,
            names={"request": waiting[0].name},
            confirmed=(symptom.message,),
        )
