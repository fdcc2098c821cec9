from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lab import pki
from lab.faults import certificates


@pytest.fixture(scope="module")
def authority() -> pki.Authority:
    return pki.Authority("kubernetes")


@pytest.fixture
def lab(authority: pki.Authority, tmp_path: Path) -> SimpleNamespace:
    authority.pem.write(tmp_path, "ca")
    return SimpleNamespace(pki=tmp_path)


def loaded(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def days_left(certificate: x509.Certificate) -> float:
    return (certificate.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=1)


def matches(made: pki.Certificate) -> bool:
    key = load_pem_private_key(made.key, None)
    return loaded(made.certificate).public_key() == key.public_key()


def test_a_shortened_authority_has_signed_all_that_the_old_one_has(lab, authority):
    leaf = loaded(authority.issue("somebody", [pki.CLIENT]).certificate)
    short = loaded(certificates.shortened_authority(lab, 3650))
    leaf.verify_directly_issued_by(short)
    assert days_left(short) == pytest.approx(3650, abs=1)
    old = loaded(authority.pem.certificate)
    assert [each.value for each in short.extensions] == [each.value for each in old.extensions]
    assert short.serial_number != old.serial_number


def test_only_the_one_address_is_missing(lab, authority):
    addresses = (IPv4Address("10.96.0.1"), IPv4Address("192.168.232.201"))
    old = authority.issue("kube-apiserver", [pki.SERVER], names=("kubernetes",), addresses=addresses)
    made = certificates.without_address(lab, old.certificate.decode(), "10.96.0.1")
    new = loaded(made.certificate)
    new.verify_directly_issued_by(loaded(authority.pem.certificate))
    names = new.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["kubernetes", "192.168.232.201"]
    assert matches(made)
    assert new.subject == loaded(old.certificate).subject


def test_a_kubelets_certificate_is_for_its_node_and_ends_soon(lab, authority):
    made = certificates.for_kubelet(lab, "k8s-node01", 2)
    certificate = loaded(made.certificate)
    certificate.verify_directly_issued_by(loaded(authority.pem.certificate))
    assert certificate.subject.rfc4514_string() == "CN=system:node:k8s-node01,O=system:nodes"
    assert days_left(certificate) == pytest.approx(2, abs=0.1)
    assert matches(made)
