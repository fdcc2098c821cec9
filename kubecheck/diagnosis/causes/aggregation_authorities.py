"""API servers do not publish whom those who extend them may believe."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence

USERS = "client-ca-file"
USERS_CA = (
    "on every master: openssl x509 -noout -subject -dates -in FILE, for that of kube-apiserver --client-ca-file",
    "before it ends make a new one, let --client-ca-file hold both, and then give new certificates to all clients that have one of the old: https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/",
)


@cause(
    title="A CA by which extensions of the API believe callers is missing or ends soon",
    confirm=("kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml",),
    remedy=(
        "on every master: kube-apiserver --requestheader-client-ca-file, --requestheader-allowed-names, --proxy-client-cert-file and --proxy-client-key-file; systemctl restart kube-apiserver",
        "kubeadm: kubeadm certs check-expiration; kubeadm certs renew front-proxy-client",
        "it ends: make a new front-proxy CA and its client certificate, and restart kube-apiserver everywhere",
    ),
    source="https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/",
)
def aggregation_authorities(evidence: Evidence) -> Iterator[Finding]:
    """ConfigMap extension-apiserver-authentication lacks the front proxy's CA, or a CA that it holds ends soon.

    metrics-server and its like believe no request then; where it is the users' CA, API servers believe no
    client certificate of it either.
    """
    every = evidence.find("certs.aggregation_authorities", failed=True)
    users = frozenset(symptom for symptom in every if symptom.target == USERS)
    for failed, whose, remedy in (
        (every - users, "", ()),
        (users, "the users' CA (client-ca-file): ", USERS_CA),
    ):
        if not failed:
            continue
        yield Finding(
            says=whose + min(symptom.message for symptom in failed),
            blames=("ConfigMap/kube-system/extension-apiserver-authentication",),
            explains=failed,
            confidence=Confidence.CERTAIN,
            confirmed=tuple(sorted(symptom.message for symptom in failed)),
            remedy=remedy,
        )
