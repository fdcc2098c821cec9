"""Certificates of the lab's own authority with something wrong about them."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from lab import pki
from lab.errors import LabError
from lab.handle import Lab


def authority(lab: Lab) -> x509.Certificate:
    """The cluster's own."""
    return x509.load_pem_x509_certificate((lab.pki / "ca.crt").read_bytes())


def _key(lab: Lab) -> rsa.RSAPrivateKey:
    key = load_pem_private_key((lab.pki / "ca.key").read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise LabError("The lab's authority has no RSA key.")
    return key


def shortened_authority(lab: Lab, days: int) -> bytes:
    """The authority with its key and its name, ending in so many days: all that it has signed stays good."""
    old = authority(lab)
    builder = _builder(old.subject, old.subject, days).public_key(old.public_key())
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(_key(lab), hashes.SHA256()).public_bytes(Encoding.PEM)


def without_address(lab: Lab, text: str, address: str) -> pki.Certificate:
    """A server's certificate like the one in ``text``, with a new key, that lacks an address."""
    old = x509.load_pem_x509_certificate(text.encode())
    key = pki.new_key(rsa_key=True)
    builder = _builder(old.subject, old.issuer, pki.LEAF_DAYS).public_key(key.public_key())
    for extension in old.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if isinstance(value, x509.SubjectAlternativeName):
            value = x509.SubjectAlternativeName([name for name in value if str(name.value) != address])
        builder = builder.add_extension(value, extension.critical)
    signed = builder.sign(_key(lab), hashes.SHA256())
    return pki.Certificate(signed.public_bytes(Encoding.PEM), pki.private_pem(key))


def for_kubelet(lab: Lab, node: str, days: int) -> pki.Certificate:
    """A client certificate of the node that ends in so many days."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"system:node:{node}"),
        ]
    )
    key = pki.new_key()
    signed = (
        _builder(subject, authority(lab).subject, days)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([pki.CLIENT]), critical=False)
        .sign(_key(lab), hashes.SHA256())
    )
    return pki.Certificate(signed.public_bytes(Encoding.PEM), pki.private_pem(key))


def _builder(subject: x509.Name, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - pki.BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )
