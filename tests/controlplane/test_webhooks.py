"""Admission webhooks: those that the API server must ask can be asked."""

from kubecheck.checks import API, Facts, NotApplicable, Webhook, check, for_each


@check(
    title="Every admission webhook that must answer has somebody behind it",
    at=API,
    remedy=(
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
        "bring the webhook's pods back: kubectl -n NAMESPACE get pods,endpointslices",
        "or, when its product is gone, delete its configuration: kubectl delete CONFIGURATION",
    ),
)
def test_webhooks_have_endpoints(facts: Facts) -> None:
    """The Service of each webhook with failurePolicy Fail exists and has a ready endpoint.

    Without one every request that it is to judge is refused: often all pods, so that what serves the
    webhook cannot come back either.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy
    """
    required = [hook for hook in facts.webhooks.value if hook.required]
    if not required:
        raise NotApplicable("no admission webhook with failurePolicy Fail is served by a Service")

    def judge(_name: str, hook: Webhook) -> None:
        state = "does not exist" if hook.endpoints is None else "has no ready endpoint"
        assert hook.endpoints, (
            f"{hook.configuration}, webhook {hook.name}: Service {hook.service} {state}; with failurePolicy"
            " Fail the API server refuses what it is to judge"
        )

    for_each({f"{hook.configuration} {hook.name}": hook for hook in required}, judge)
