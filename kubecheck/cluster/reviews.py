"""Who may do what: the authorizer's own answer. Bindings have other names in every installation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kubecheck.cluster.api import Api
from kubecheck.cluster.rights import Right

EVERYTHING: tuple[dict[str, Any], ...] = (
    {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}},
    {"nonResourceAttributes": {"verb": "*", "path": "*"}},
)
"""What administrators may: whoever may do all of it is asked no more."""
ASK_AT_ONCE = 8


def lacking(api: Api, needed: Sequence[Right]) -> tuple[Right, ...]:
    """Those of ``needed`` that the credentials in use do not have. Raises ApiError.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
    """
    if all(_i_may(api, spec) for spec in EVERYTHING):
        return ()
    asked = list({str(right): right for right in needed}.values())
    with ThreadPoolExecutor(ASK_AT_ONCE, thread_name_prefix="rights") as pool:
        allowed = dict(
            zip(map(str, asked), pool.map(lambda right: _i_may(api, _spec(right)), asked), strict=True)
        )
    return tuple(right for right in needed if not allowed[str(right)])


def _i_may(api: Api, spec: dict[str, Any]) -> bool:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    return bool(answer["status"].get("allowed"))


def _spec(right: Right) -> dict[str, Any]:
    if not right.resource:
        return {"nonResourceAttributes": {"verb": right.verb, "path": right.what}}
    resource, _, subresource = right.resource.partition("/")
    return {
        "resourceAttributes": {
            "verb": right.verb, "group": right.group, "resource": resource, "subresource": subresource,
            "namespace": right.namespace, "name": right.name,
        }
    }  # fmt: skip


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
