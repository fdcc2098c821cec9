"""No bootstrap token lets a node join."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kubecheck.cluster.bootstrap import BootstrapToken
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom

JOINING = (
    "certs.bootstrap_token_usable",
    "certs.token_may_request",
    "certs.token_is_approved",
    "certs.new_node_gets_certificate",
    "certs.issued_*",
)
A_DAY = timedelta(days=1)
NEW = (
    "kubeadm token create --ttl 24h",
    "without kubeadm, with an ID and a SECRET of your own (6 and 16 of a-z and 0-9): kubectl -n kube-system create secret generic bootstrap-token-ID --type=bootstrap.kubernetes.io/token --from-literal=token-id=ID --from-literal=token-secret=SECRET --from-literal=usage-bootstrap-authentication=true --from-literal=expiration={until}",
)
EXTENDED = """or, where its secret is known to nobody else, the expired one for a day: kubectl -n kube-system patch secret \
bootstrap-token-{token} --type=merge -p '{"stringData":{"expiration":"{until}"}}'"""


@cause(
    title="No bootstrap token can be used to join",
    confirm=(
        "kubectl -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o yaml",
        "date -u, and compare with expiration in the Secret (base64)",
    ),
    remedy=(*NEW, EXTENDED),
    source="https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/",
)
def bootstrap_token(evidence: Evidence) -> Iterator[Finding]:
    """Every bootstrap token has expired, is damaged or may not authenticate, or there is none.

    Nodes that are members go on; no new node joins, and none that has lost its certificate comes back.
    """
    facts = evidence.facts
    tokens = facts.bootstrap.found.tokens.found if facts.bootstrap.found else None
    if tokens is None or facts.clock.found is None:
        return
    now = datetime.fromisoformat(facts.clock.found)
    useless = {token: why for token in tokens if (why := token.unusable(now))}
    if tokens and len(useless) < len(tokens):
        return
    explained = evidence.find(*JOINING) | _signed_for(evidence, useless)
    if not any(symptom.failed for symptom in explained):
        return
    said = tuple(f"Secret bootstrap-token-{token.id}: {why}" for token, why in useless.items())
    expired = [token for token, why in useless.items() if "expired" in why]
    names = {
        "token": expired[0].id if expired else "",
        "until": f"{(now + A_DAY).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    yield Finding(
        says=f"no bootstrap token can be used: {'; '.join(said) or 'there is none in kube-system'}",
        blames=tuple(f"Secret/kube-system/bootstrap-token-{token.id}" for token in useless)
        or ("Secret/kube-system/bootstrap-token",),
        explains=explained,
        confidence=Confidence.CERTAIN,
        names=names,
        confirmed=said,
        # To a damaged one a later end gives nothing.
        remedy=() if expired else tuple(filled(step, names) for step in NEW),
    )


def _signed_for(evidence: Evidence, useless: dict[BootstrapToken, str]) -> frozenset[Symptom]:
    """An expired token that is still there also shows that nobody cleans up; a damaged one is not cleaned."""
    if not any("expired" in why for why in useless.values()):
        return frozenset()
    return evidence.find("controlplane.cluster_info_signed")
