"""The certificate authorities of the cluster, as it publishes them."""

from datetime import datetime

from kubecheck.checks import (
    API,
    Certificate,
    Facts,
    NotApplicable,
    Policy,
    authority_in_use,
    check,
    for_each,
    listed,
)

LOOK = "kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -text"
AGGREGATION = "kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml"


@check(
    title="The cluster's CA is valid for as long as promised",
    at=API,
    runbook=("R24",),
    remedy=(
        LOOK,
        "rotate it: https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/",
        "a CA of a hundred years and more is made with the cluster: cfssl's ca.expiry, openssl's -days",
    ),
)
def test_authority_valid(facts: Facts, policy: Policy) -> None:
    """The CA in kube-root-ca.crt outlives what it is to sign.

    Of several those count that the API server's certificate leads to, as an old one may be left beside
    them; where that is not known, the one that ends last.

    A signer cuts what it issues to the CA's own end: certificates for a hundred years need a CA for
    longer. When it ends, everything in the cluster ends at once.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#signer-control-plane
    """
    now = datetime.fromisoformat(facts.clock.value)
    mine = facts.certificates.value.authority(now)
    left, wanted = mine.days_left(now), policy.certificates.authority_min_days
    assert left >= wanted, (
        f"the CA {mine.subject} in kube-root-ca.crt ends {mine.ends:%Y-%m-%d}, in {left:.0f} days; expected"
        f" are at least {wanted}, and nothing that it signs ends later"
    )


@check(
    title="Every namespace has the cluster's CA in kube-root-ca.crt",
    at=API,
    remedy=(
        "kubectl get configmaps --all-namespaces --field-selector metadata.name=kube-root-ca.crt",
        "the controller-manager puts it there (root-ca-certificate-publisher): look at its log",
    ),
)
def test_root_ca_everywhere(facts: Facts) -> None:
    """The ConfigMap is in every namespace, and the same in all of them.

    Pods verify API servers with it. A new namespace gets it within moments.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
    """
    certificates = facts.certificates.value
    strays = certificates.strays.value
    told = listed([f"{name}: {how}" for name, how in strays.items()], "; ")
    assert not strays, f"ConfigMap kube-root-ca.crt in {len(strays)} namespaces: {told}"
    assert certificates.root.value


@check(
    title="API servers that extend the cluster are told which callers to believe",
    at=API,
    remedy=(
        AGGREGATION,
        "on the masters: kube-apiserver's --client-ca-file and --requestheader-client-ca-file",
        "kubeadm certs check-expiration; kubeadm certs renew front-proxy-client",
    ),
)
def test_aggregation_authorities(facts: Facts, policy: Policy) -> None:
    """extension-apiserver-authentication holds the front proxy's CA and the users' CA, and neither ends soon.

    metrics-server and its like believe a request by these. Without the front proxy's CA, the
    aggregation layer does not work. Of several users' CAs the one counts that the client certificate of
    this run leads to; where that is not known, and of front proxies' CAs, the one that ends last.
    Source: https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
    """
    certificates = facts.certificates.value
    aggregation = certificates.aggregation.value
    assert aggregation.front_proxies, (
        "ConfigMap kube-system/extension-apiserver-authentication has no requestheader-client-ca-file, so"
        " API servers run without --requestheader-client-ca-file"
    )
    now = datetime.fromisoformat(facts.clock.value)
    wanted = policy.certificates.server_min_days

    def judge(name: str, bundle: tuple[Certificate, ...]) -> None:
        mine = authority_in_use(bundle, issued.get(name, []), now)
        left = mine.days_left(now)
        assert left > wanted, (
            f"{mine.subject} ends {mine.ends:%Y-%m-%d %H:%M} UTC, in {left:.0f} days; expected are at"
            f" least {wanted}"
        )

    bundles = {"requestheader-client-ca-file": aggregation.front_proxies}
    if aggregation.clients:
        bundles["client-ca-file"] = aggregation.clients
    own = certificates.own.found
    issued = {"client-ca-file": [(own,)]} if own else {}
    for_each(bundles, judge)


@check(
    title="Strict verifiers accept the cluster's CA",
    at=API,
    remedy=(
        LOOK,
        "make the CA anew with key usage, basic constraints and a key identifier, and rotate to it",
        "until then, with Python 3.13: context.verify_flags &= ~ssl.VERIFY_X509_STRICT",
    ),
)
def test_authority_strict(facts: Facts, policy: Policy) -> None:
    """The CA carries the extensions that RFC 5280 asks of one, which Python 3.13 insists on.

    Source: https://docs.python.org/3/library/ssl.html#ssl.create_default_context
    """
    problems = {
        authority.subject: authority.strict_problems
        for authority in facts.certificates.value.root.value
        if authority.strict_problems
    }
    told = "; ".join(f"the CA {name} has {' and '.join(missing)}" for name, missing in problems.items())
    if problems and not policy.certificates.strict_authority:
        raise NotApplicable(f"{told}; policy does not ask for it (certificates.strict_authority)")
    assert not problems, f"{told}: strict verifiers refuse what it signs (RFC 5280)"
