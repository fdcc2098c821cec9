"""The kubelets' own certificates: the one that makes each a member, and the one that each serves with."""

from datetime import datetime

from kubecheck.checks import (
    EACH_NODE,
    NODES,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    check,
)

DAY = 86400.0
LOOK = "on the node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem"


@check(
    title="Each kubelet's client certificate is valid for as long as promised",
    at=EACH_NODE,
    runbook=("R24",),
    remedy=(
        LOOK,
        "check --cluster-signing-duration of the controller-manager and the end of the CA that signs",
        "to renew it, take the steps that kubecheck explain client-certificate-ending tells",
    ),
)
def test_kubelet_client_certificate(facts: Facts, node: Node, policy: Policy) -> None:
    """What is left of the certificate's life, as the kubelet itself reports it, is what policy asks.

    When it ends and is not renewed, the node drops out of the cluster. A signer cuts a certificate
    to the end of its CA. A kubelet with rotateCertificates off reports no end, and may have no certificate
    but a token: there is nothing to judge, unless policy promises more than kubecheck does by default.
    Source: the metric kubelet_certificate_manager_client_ttl_seconds;
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
    """
    kubelet = facts.kubelets[node.name].value
    left, wanted = kubelet.client_certificate_seconds, policy.certificates.kubelet_client_min_days
    # buildKubeletClientConfig (cmd/kubelet/app/server.go) registers the metric only where it rotates.
    if left is None and not kubelet.config.get("rotateCertificates"):
        untold = (
            f"the kubelet of {node.name} does not renew its client certificate itself (rotateCertificates is"
            " false), so it reports no end of one"
        )
        if wanted > Policy().certificates.kubelet_client_min_days:
            raise CannotTell(f"{untold}; policy promises {wanted} days; {LOOK}")
        raise NotApplicable(f"{untold}; {LOOK}")
    if left is None or abs(left) > 1e15:
        raise CannotTell(f"the kubelet of {node.name} does not report the end of its client certificate")
    days = left / DAY
    assert days >= wanted, (
        f"the kubelet of {node.name} has a client certificate for {days:.1f} more days, expected are"
        f" {wanted}; {authority_says(facts)}"
    )


def authority_says(facts: Facts) -> str:
    """What the CA's end has to do with it, in words."""
    known = facts.certificates.found
    if known is None or not known.root.found or facts.clock.found is None:
        return "the CA's end is not known"
    now = datetime.fromisoformat(facts.clock.found)
    authority = known.authority(now)
    left = authority.days_left(now)
    return f"the CA {authority.subject} ends in {left:.0f} days, and what it signs ends no later"


@check(
    title="Each kubelet's client certificate was issued to its node",
    at=EACH_NODE,
    runbook=("R28",),
    remedy=(
        "kubectl get certificatesigningrequests -o wide",
        "on the node: openssl x509 -noout -subject -in /var/lib/kubelet/pki/kubelet-client-current.pem",
    ),
)
def test_kubelet_certificate_subject(facts: Facts, node: Node) -> None:
    """The node's last request was for O=system:nodes, CN=system:node:NAME, which the node authorizer wants.

    It is seen while the node's request is there: for an hour after it was approved. Later the
    subject can only be read on the node; the rehearsal shows what the signer issues.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
    """
    expected = f"system:node:{node.name}"
    requests = facts.bootstrap.value.requests.value
    # A renewal comes from the node itself, a first request from a token: then the name tells.
    mine = [each for each in requests if each.ends and (expected in (each.user, each.common_name))]
    if not mine:
        raise NotApplicable(
            f"no signed request of {node.name} is left (they are removed an hour after approval);"
            f" on the node: openssl x509 -noout -subject -in /var/lib/kubelet/pki/kubelet-client-current.pem"
        )
    last = max(mine, key=lambda each: each.created)
    assert (last.common_name, last.organizations) == (expected, ("system:nodes",)), (
        f"request {last.name} of {last.user} was signed for CN={last.common_name},"
        f" O={', '.join(last.organizations) or 'none'}; expected are CN={expected}, O=system:nodes"
    )


def served_by_kubelet(here: Site) -> TlsHello:
    """The kubelet of this node, at the address that API servers use."""
    return TlsHello(here.node.address, here.node.kubelet_port)


@check(
    title="Each kubelet's serving certificate is valid, for its node and for today",
    at=NODES,
    asks=served_by_kubelet,
    remedy=(
        "kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving",
        "kubectl certificate approve NAME, once it is sure that the node itself asks",
        "on the node: openssl x509 -noout -text -in /var/lib/kubelet/pki/kubelet-server-current.pem",
    ),
)
def test_kubelet_serving_certificate(answer: TlsAnswer, facts: Facts, node: Node, policy: Policy) -> None:
    """A certificate that somebody signed for the kubelet covers the node and has not ended.

    Without serverTLSBootstrap a kubelet signs its own, which no client verifies: then there is
    nothing to judge. With it, a kubelet whose request nobody approves has no certificate at all.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#client-and-serving-certificates
    """
    kubelet = facts.kubelets[node.name].found
    bootstraps = bool(kubelet and kubelet.config.get("serverTLSBootstrap"))
    # What Go says where GetCertificate of the kubelet's TLS has none; other alerts are of other troubles.
    if bootstraps and answer.alert == "internal_error":
        answer.must(
            False, "a certificate: serverTLSBootstrap is on, so somebody must approve this kubelet's request"
        )
    mine = answer.certificate
    # GenerateSelfSignedCertKey of client-go makes a throw-away CA with such a name beside each certificate.
    if mine.self_signed or "-ca@" in mine.issuer:
        answer.must(not bootstraps, "a certificate of the cluster's CA, because serverTLSBootstrap is on")
        raise NotApplicable(
            f"the kubelet of {node.name} serves with a certificate that it signed itself (until"
            f" {mine.ends:%Y-%m-%d}), as kubelets do without serverTLSBootstrap; no client verifies it"
        )
    answer.must_be_valid(datetime.fromisoformat(facts.clock.value), policy.certificates.server_min_days)
    covered = [host for host in (node.name, *node.addresses) if mine.covers(host)]
    has = ", ".join((*mine.names, *mine.addresses)) or "none"
    answer.must(bool(covered), f"a certificate for {node.name} or {node.address}; this one is for {has}")
