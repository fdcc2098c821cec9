"""Bootstrap tokens and requests, as the API shows them."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from kubecheck.cluster.bootstrap import read_bootstrap, read_tokens, signing_request, token
from kubecheck.cluster.reading import Reading
from selftest.unit.checks_certs.conftest import NOW, encoded, issue, name, token_secret


def test_a_token_is_read_without_its_secret():
    found = token(token_secret())
    assert found.unusable(NOW) == ""
    assert found.user == "system:bootstrap:abcdef"
    assert found.all_groups[0] == "system:bootstrappers"
    assert "0123456789abcdef" not in repr(found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"expiration": (NOW - timedelta(seconds=1)).isoformat()}, "it expired at 2026-11-24T11:59:59"),
        ({"expiration": "2026-11-24T11:59:59Z"}, "it expired"),
        ({"expiration": "tomorrow"}, "no time in RFC 3339"),
        ({"usage_bootstrap_authentication": None}, "usage-bootstrap-authentication is not true"),
        ({"token_secret": None}, "no token-secret"),
        ({"token_secret": "short"}, "no token-secret"),
        ({"token_id": "zzzzzz"}, "token-id 'zzzzzz'"),
        ({"token_id": None}, "token-id ''"),
        ({"auth_extra_groups": "system:masters"}, "must begin with system:bootstrappers:"),
    ],
)
def test_why_a_token_is_not_usable(data, reason):
    assert reason in token(token_secret(**data)).unusable(NOW)


def test_a_token_that_ends_later_is_usable():
    assert token(token_secret(expiration="2026-11-25T00:00:00Z", auth_extra_groups=None)).unusable(NOW) == ""


def csr(common="system:node:n1", conditions=(), issued=False):
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common, "system:nodes"))
    pem = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)
    status = {"conditions": [{"type": kind, "message": "why"} for kind in conditions]}
    if issued:
        signed = issue(common, organization="system:nodes")
        status["certificate"] = encoded(signed.public_bytes(Encoding.PEM).decode())
    return {
        "metadata": {"name": "csr-1", "creationTimestamp": NOW.isoformat()},
        "spec": {
            "request": encoded(pem.decode()),
            "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
            "username": "system:bootstrap:abcdef",
        },
        "status": status,
    }


@pytest.mark.parametrize(
    ("item", "state", "signed"),
    [
        (csr(), "Pending", False),
        (csr(conditions=("Approved",)), "Approved", False),
        (csr(conditions=("Approved",), issued=True), "Approved", True),
        (csr(conditions=("Approved", "Failed")), "Failed", False),
        (csr(conditions=("Denied",)), "Denied", False),
    ],
)
def test_requests_tell_whom_they_are_for(item, state, signed):
    found = signing_request(item)
    assert (found.state, bool(found.ends)) == (state, signed)
    assert (found.common_name, found.organizations) == ("system:node:n1", ("system:nodes",))


class Authorizer:
    """Answers reviews, by user and subresource, and lists a token and a request of somebody else."""

    def __init__(self):
        self.reviews = []

    def items(self, path, **query):
        if path.endswith("secrets"):
            return [token_secret()]
        other = csr()
        other["spec"]["signerName"] = "example.org/other"
        return [csr(), other]

    def create(self, path, body):
        asked = body["spec"]["resourceAttributes"]
        self.reviews.append((body["spec"]["user"], asked["subresource"], asked["verb"]))
        return {"status": {"allowed": asked["subresource"] != "nodeclient"}}


def test_the_authorizer_is_asked_and_not_the_names_of_bindings():
    api = Authorizer()
    found = read_bootstrap(api, "n1", Reading(read_tokens(api)))
    assert found.may_request.value == {"abcdef": True}
    assert found.approves.value == {"abcdef": False}
    assert found.renews.value is True
    assert [each.name for each in found.requests.value] == ["csr-1"]
    assert ("system:node:n1", "selfnodeclient", "create") in api.reviews
