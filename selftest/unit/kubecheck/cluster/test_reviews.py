"""Which rights are missing, asked of an API server that grants some."""

import pytest

from kubecheck.cluster.needed import rights
from kubecheck.cluster.reviews import lacking
from kubecheck.policy import Policy

NEEDED = rights(Policy.model_validate({"images": {"pull_secrets": ["place/pull"]}}))


class Authorizer:
    """Answers reviews by what ``may`` says of their attributes."""

    def __init__(self, may):
        self.may = may
        self.asked = []

    def create(self, path, body):
        assert path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        (attributes,) = body["spec"].values()
        self.asked.append(attributes)
        return {"status": {"allowed": self.may(attributes)}}


def test_whoever_may_do_everything_is_asked_twice():
    administrator = Authorizer(lambda _: True)
    assert lacking(administrator, NEEDED) == ()
    assert len(administrator.asked) == 2


def test_without_any_right_all_are_missing_and_each_is_asked_once():
    stranger = Authorizer(lambda _: False)
    assert lacking(stranger, NEEDED) == NEEDED
    assert len(stranger.asked) <= 2 + len(set(map(str, NEEDED)))


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({"verb": "create", "resource": "pods", "subresource": "exec"}, ["create pods/exec"]),
        ({"verb": "get", "path": "/metrics"}, ["get /metrics"]),
        ({"verb": "list", "resource": "pods", "group": "metrics.k8s.io"}, ["list pods.metrics.k8s.io"]),
        ({"namespace": "place", "name": "pull"}, ["get secrets pull in namespace place"]),
    ],
)
def test_what_is_refused_is_missing_and_nothing_else(attributes, missing):
    def may(asked):
        everything = "*" in asked.values()
        return not everything and not attributes.items() <= asked.items()

    assert [str(right) for right in lacking(Authorizer(may), NEEDED)] == missing
