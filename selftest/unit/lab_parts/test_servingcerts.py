import base64
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from lab import servingcerts
from lab.errors import LabError
from lab.settings import Node

NODE = Node("k8s-node01", IPv4Address("192.168.232.211"), False, "1.37.2", server_tls_bootstrap=True)


class FakeApi:
    def __init__(self, *requests: dict) -> None:
        self.requests = requests
        self.patched: list[str] = []

    def get(self, path: str) -> dict:
        assert path == servingcerts.REQUESTS
        return {"items": list(self.requests)}

    def patch(self, path: str, body: dict) -> None:
        assert body["status"]["conditions"][0]["type"] == "Approved"
        self.patched.append(path)


def csr(*names: str) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "system:node:k8s-node01")])
    )
    if names:
        alternatives = [
            x509.IPAddress(IPv4Address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(signed.public_bytes(Encoding.PEM)).decode()


def request(
    *, user="system:node:k8s-node01", signer=servingcerts.SIGNER, names=("k8s-node01",), status=None
) -> dict:
    return {
        "metadata": {"name": "csr-1"},
        "spec": {"username": user, "signerName": signer, "request": csr(*names)},
        "status": status or {},
    }


def test_a_nodes_own_names_are_approved():
    api = FakeApi(request(names=("k8s-node01", "192.168.232.211")))
    assert not servingcerts.approve(api, [NODE])
    assert api.patched == [f"{servingcerts.REQUESTS}/csr-1/approval"]


def test_it_is_over_when_each_has_its_certificate():
    api = FakeApi(request(status={"certificate": "..."}))
    assert servingcerts.approve(api, [NODE])
    assert api.patched == []


def test_nobody_asks_and_nothing_is_waited_for():
    assert servingcerts.approve(FakeApi(request()), [])


@pytest.mark.parametrize(
    "waiting",
    [
        request(user="system:node:k8s-node02"),
        request(signer="kubernetes.io/kube-apiserver-client-kubelet"),
        request(status={"conditions": [{"type": "Approved", "status": "True"}]}),
    ],
    ids=["another's", "another signer's", "approved already"],
)
def test_other_requests_are_left_alone(waiting):
    api = FakeApi(waiting)
    assert not servingcerts.approve(api, [NODE])
    assert api.patched == []


@pytest.mark.parametrize("names", [("k8s-node01", "kubernetes.default"), ()], ids=["another name", "no name"])
def test_a_request_for_other_names_is_refused(names):
    with pytest.raises(LabError, match=r"kubelet of k8s-node01 asks for a certificate for "):
        servingcerts.approve(FakeApi(request(names=names)), [NODE])
