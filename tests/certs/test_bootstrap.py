"""How a node joins: bootstrap tokens, what they allow, and a rehearsal."""

from datetime import datetime

from kubecheck.checks import (
    API,
    REHEARSAL,
    BootstrapToken,
    CannotTell,
    Certificate,
    Facts,
    NotApplicable,
    Policy,
    Rehearsal,
    Standing,
    chain_problem,
    check,
)

APPROVED = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
RENEWED = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient"

TOKENS = (
    "kubectl -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token",
    "a new one: kubeadm token create --ttl 24h",
    "or by hand: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/",
)
BINDINGS = (
    "kubectl get clusterrolebindings -o wide | grep -e node-bootstrapper -e nodeclient",
    "kubectl create clusterrolebinding joining --group=GROUP --clusterrole=system:node-bootstrapper",
    f"kubectl create clusterrolebinding node-approval --group=GROUP --clusterrole={APPROVED}",
)
CONTROLLERS = (
    "kubectl -n kube-system get lease kube-controller-manager -o yaml, and look at its holder's log",
    "kube-controller-manager needs --cluster-signing-cert-file and --cluster-signing-key-file",
)


def usable_tokens(facts: Facts, policy: Policy) -> list[BootstrapToken]:
    """The tokens that a node can join with now. NotApplicable without any, unless policy demands one."""
    tokens = facts.bootstrap.value.tokens.value
    now = datetime.fromisoformat(facts.clock.value)
    usable = [token for token in tokens if not token.unusable(now)]
    if usable:
        return usable
    said = "; ".join(f"{token.id}: {token.unusable(now)}" for token in tokens)
    told = f"no usable bootstrap token in kube-system ({said or 'there is none at all'})"
    if policy.certificates.bootstrap_token:
        raise AssertionError(f"{told}; expected is one that has not expired")
    raise NotApplicable(
        f"{told}: normal on a cluster that no node joins now, and policy does not ask for one"
        " (certificates.bootstrap_token)"
    )


@check(title="A usable bootstrap token exists", at=API, runbook=("R25",), remedy=TOKENS)
def test_bootstrap_token_usable(facts: Facts, policy: Policy) -> None:
    """A token authenticates, has not expired, is whole, and puts its bearer in groups that may join.

    An expired token is normal on an old cluster; it counts only where policy asks for one.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
    """
    usable = usable_tokens(facts, policy)
    may = facts.bootstrap.value.may_request.value
    assert any(may.get(token.id) for token in usable), (
        "; ".join(
            f"the bootstrap token {token.id} is in the groups {', '.join(token.all_groups)}"
            for token in usable
        )
        + "; no binding lets any of them create certificatesigningrequests"
    )


@check(
    title="A bootstrap token may create requests for certificates",
    at=API,
    runbook=("R26",),
    remedy=BINDINGS,
)
def test_token_may_request(facts: Facts, policy: Policy) -> None:
    """The authorizer itself says so, for the user and the groups that the token stands for.

    Bindings have other names in every installation: the answer is what counts.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#authorize-kubelet-to-create-csr
    """
    _one_may(usable_tokens(facts, policy), facts.bootstrap.value.may_request.value, "create", "")


@check(
    title="A joining node's request would be approved",
    at=API,
    runbook=("R27",),
    remedy=BINDINGS,
)
def test_token_is_approved(facts: Facts, policy: Policy) -> None:
    """The controller-manager approves a request when its creator may create the subresource nodeclient.

    It asks the authorizer exactly this.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#approval
    """
    _one_may(usable_tokens(facts, policy), facts.bootstrap.value.approves.value, "create", "/nodeclient")


def _one_may(usable: list[BootstrapToken], said: dict[str, bool], verb: str, subresource: str) -> None:
    asked = [token for token in usable if token.id in said]
    if not asked:
        raise CannotTell("the authorizer was not asked for any of the usable bootstrap tokens")
    assert any(said[token.id] for token in asked), (
        f"asked the authorizer whether {', '.join(token.user for token in asked)} in groups"
        f" {', '.join(asked[0].all_groups)} may {verb} certificatesigningrequests{subresource}: no;"
        " expected is yes for one of them"
    )


@check(
    title="A node's own renewal would be approved",
    at=API,
    runbook=("R28",),
    remedy=(f"kubectl create clusterrolebinding renew --group=system:nodes --clusterrole={RENEWED}",),
)
def test_renewal_is_approved(facts: Facts) -> None:
    """Members of system:nodes may create the subresource selfnodeclient, so their renewals are approved.

    Otherwise every kubelet's certificate ends in silence, a year after the node joined.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/#approval
    """
    known = [kubelet.found for kubelet in facts.kubelets.values() if kubelet.found]
    if known and not any(kubelet.config.get("rotateCertificates") for kubelet in known):
        raise NotApplicable("no kubelet renews its certificate itself (rotateCertificates is false)")
    assert facts.bootstrap.value.renews.value, (
        "asked the authorizer whether a node (groups system:nodes, system:authenticated) may create"
        " certificatesigningrequests/selfnodeclient: no; expected is yes, or nobody approves its renewal"
    )


def rehearsed(fleet: Standing, policy: Policy) -> Rehearsal:
    """This run's rehearsal. Raises NotApplicable when there was none for a good reason."""
    found = fleet.rehearsal.value
    if found.omitted:
        if policy.certificates.bootstrap_token and policy.certificates.rehearse_bootstrap:
            raise AssertionError(f"{found.omitted}; expected is that a new node can join at any time")
        raise NotApplicable(found.omitted)
    return found


def issued(fleet: Standing, policy: Policy) -> tuple[Rehearsal, Certificate]:
    """The certificate that the rehearsal got. Raises CannotTell when it got none, which has its own check."""
    found = rehearsed(fleet, policy)
    if found.certificate is None:
        raise CannotTell(f"the rehearsal got no certificate: {found.refusal}")
    return found, found.certificate


@check(
    title="A new node gets its certificate within seconds",
    at=REHEARSAL,
    runbook=("R23", "R27"),
    remedy=(*BINDINGS, *CONTROLLERS),
)
def test_new_node_gets_certificate(fleet: Standing, policy: Policy) -> None:
    """The run joins as a node would: with a bootstrap token it asks for a client certificate, and gets it.

    Token, rights, approver and signer work together. The request is deleted, its key is never kept.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
    """
    found = rehearsed(fleet, policy)
    assert found.certificate is not None, (
        f"asked for a client certificate for node {found.node} with bootstrap token {found.token}:"
        f" {found.refusal}; expected is a certificate within {policy.certificates.approval_seconds:g} s"
    )


@check(
    title="Kubelet certificates are issued for as long as promised",
    at=REHEARSAL,
    runbook=("R16",),
    remedy=(
        "on every master: kube-controller-manager --cluster-signing-duration=876000h0m0s",
        "a CA that ends sooner cuts what it signs: kubectl -n kube-system get configmap kube-root-ca.crt",
    ),
)
def test_issued_for_long_enough(fleet: Standing, facts: Facts, policy: Policy) -> None:
    """The certificate that the rehearsal got shows what the signer that runs really issues.

    From its begin to its end, which the signer cuts to the end of its CA.
    Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
    """
    found, mine = issued(fleet, policy)
    # PermissiveSigningPolicy (pkg/controller/certificates/authority) dates both ends five minutes back.
    days = mine.days_left(mine.begins)
    wanted = policy.certificates.issued_min_days
    known = facts.certificates.found
    cut = ""
    if (
        known
        and known.root.found
        and any(abs((ca.ends - mine.ends).total_seconds()) < 5 for ca in known.root.found)
    ):
        cut = ", which is the end of the CA itself: the signer cuts what it issues to it"
    assert days >= wanted, (
        f"the certificate issued to {found.node} is valid from {mine.begins:%Y-%m-%d %H:%M} to"
        f" {mine.ends:%Y-%m-%d %H:%M} UTC, for {days:.2f} days{cut}; expected are at least {wanted}"
    )


@check(
    title="A new node's certificate names it, and API servers believe its signer",
    at=REHEARSAL,
    runbook=("R23", "R28"),
    remedy=(
        "compare kube-controller-manager --cluster-signing-cert-file with kube-apiserver --client-ca-file",
        "kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml",
    ),
)
def test_issued_certificate_is_believed(fleet: Standing, facts: Facts, policy: Policy) -> None:
    """Subject O=system:nodes, CN=system:node:NAME, signed by a CA among the API servers' client CAs.

    A signer with another CA hands out certificates that every API server turns away. What the
    kubelets hold already is seen only on the nodes, or while their requests are still there.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
    """
    found, mine = issued(fleet, policy)
    assert (mine.common_name, mine.organizations) == (f"system:node:{found.node}", ("system:nodes",)), (
        f"the certificate issued to {found.node} is for {mine.subject}; expected is"
        f" CN=system:node:{found.node},O=system:nodes"
    )
    clients = facts.certificates.value.aggregation.value.clients
    if not clients:
        raise CannotTell("the API servers publish no client-ca-file, so whom they believe is not known")
    known = ", ".join(authority.subject for authority in clients)
    assert any(mine.signed_by(authority) for authority in clients), (
        f"the certificate issued to {found.node} is signed by {mine.issuer} with a key that is none of the"
        f" API servers' client CAs ({known}): they would answer 401"
    )
    problem = chain_problem((mine,), clients, datetime.fromisoformat(facts.clock.value))
    assert not problem, (
        f"the certificate issued to {found.node} leads to the API servers' client CAs, and {problem}: they"
        " would answer 401"
    )
