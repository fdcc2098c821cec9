"""Aggregated APIs: those that a Service serves beside the API server itself."""

from kubecheck.checks import API, ApiService, Facts, NotApplicable, check, for_each


@check(
    title="Every aggregated API is available",
    at=API,
    remedy=(
        "kubectl get apiservices | grep -v Local",
        "kubectl describe apiservice NAME, and look at the pods of its Service",
        "when its product is gone: kubectl delete apiservice NAME",
    ),
)
def test_aggregated_apis_available(facts: Facts) -> None:
    """The API servers reach what serves each APIService: metrics, custom metrics, and whatever else.

    One that is not available breaks more than itself: a namespace cannot be deleted while the objects
    in it cannot all be listed, and kubectl waits for it at every discovery.
    Source: https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
    """
    services = facts.api_services.value
    if not services:
        raise NotApplicable("no API is aggregated")

    def judge(_name: str, each: ApiService) -> None:
        assert each.available.status == "True", (
            f"APIService {each.name}, served by {each.service}: Available={each.available.status}"
            f" {each.available.reason}: {each.available.message} (since {each.available.since or 'ever'})"
        )

    for_each({each.name: each for each in services}, judge)
