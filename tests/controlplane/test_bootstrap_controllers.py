"""Two controllers that run only where they are asked for: bootstrapsigner and tokencleaner."""

from datetime import datetime

from kubecheck.checks import API, CannotTell, Facts, NotApplicable, check

CLEANED_WITHIN = 60.0  # seconds; the cleaner acts at the moment itself

ENABLE = (
    "start kube-controller-manager with --controllers=*,bootstrapsigner,tokencleaner",
    "kubectl -n kube-system get leases kube-controller-manager, and look at the log of its holder",
)


def seconds_over(facts: Facts, end: str) -> float:
    """Seconds since ``end``, negative before it; a token without an end never ends. Raises CannotTell."""
    if not end:
        return float("-inf")
    try:
        return (datetime.fromisoformat(facts.clock.value) - datetime.fromisoformat(end)).total_seconds()
    except (ValueError, TypeError):
        raise CannotTell(f"a bootstrap token's expiration {end!r} is no time") from None


@check(
    title="The cluster-info ConfigMap is signed with every token that may sign it",
    at=API,
    runbook=("R22",),
    remedy=("kubectl -n kube-public get configmap cluster-info -o yaml", *ENABLE),
)
def test_cluster_info_signed(facts: Facts) -> None:
    """The bootstrapsigner has put a signature there for each living token with usage-bootstrap-signing.

    A machine that joins with such a token trusts cluster-info by its signature, and fails without one.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#configmap-signing
    """
    if facts.cluster_info.absent:
        raise NotApplicable("there is no ConfigMap kube-public/cluster-info, so there is nothing to sign")
    info = facts.cluster_info.value
    signing = [
        token.id
        for token in facts.signing_tokens.value
        if token.signs and seconds_over(facts, token.ends) < 0
    ]
    if not signing:
        raise NotApplicable("no bootstrap token may sign (usage-bootstrap-signing) and has not ended")
    missing = [token for token in signing if token not in info.signatures]
    assert not missing, (
        f"kube-public/cluster-info has no signature jws-kubeconfig-TOKEN for {', '.join(missing)};"
        f" it has {', '.join(info.signatures) or 'none'}: the bootstrapsigner does not run"
    )


@check(
    title="No bootstrap token outlives its end",
    at=API,
    runbook=("R22",),
    remedy=(*ENABLE, "kubectl -n kube-system delete secret bootstrap-token-ID"),
)
def test_tokens_cleaned(facts: Facts) -> None:
    """The tokencleaner deletes a bootstrap token when it ends.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#token-management
    """
    tokens = facts.signing_tokens.value
    if not tokens:
        raise NotApplicable("there is no bootstrap token")
    over = {token.id: late for token in tokens if (late := seconds_over(facts, token.ends)) > CLEANED_WITHIN}
    told = ", ".join(f"{name} ended {late:.0f} s ago" for name, late in over.items())
    assert not over, f"bootstrap tokens are still there: {told}; the tokencleaner does not run"
