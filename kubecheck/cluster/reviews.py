"""Who may do what: the authorizer's own answer. Bindings have other names in every installation."""

from __future__ import annotations

from kubecheck.cluster.api import Api


def may(api: Api, user: str, groups: tuple[str, ...], **attributes: str) -> bool:
    """Whether ``user`` in ``groups`` may do what the resource ``attributes`` say. Raises ApiError.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/
    """
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": list(groups), "resourceAttributes": attributes},
    }
    answer = api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"].get("allowed"))


def account_may(api: Api, namespace: str, name: str, **attributes: str) -> bool:
    """The same of the ServiceAccount ``namespace/name``. Raises ApiError."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return may(api, f"system:serviceaccount:{namespace}:{name}", groups, **attributes)
