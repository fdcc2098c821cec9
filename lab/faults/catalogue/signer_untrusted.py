"""Controller-managers that sign with an authority which no API server believes."""

from lab import pki
from lab.faults import files, leaders, victims
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "signer-untrusted"
CERTIFICATE = "/etc/kubernetes/pki/another-ca.crt"
KEY = "/etc/kubernetes/pki/another-ca.key"


def inject(lab: Lab, _victims: Victims) -> None:
    """Make another authority, and let all of them sign with it."""
    another = pki.Authority("another-ca").pem
    for master in lab.masters:
        files.write(lab, NAME, master, CERTIFICATE, another.certificate.decode())
        files.write(lab, NAME, master, KEY, another.key.decode())
    leaders.run_controller_managers(
        lab, {"--cluster-signing-cert-file": CERTIFICATE, "--cluster-signing-key-file": KEY}
    )


def heal(lab: Lab, _victims: Victims) -> None:
    """Let them sign with the cluster's own."""
    leaders.run_controller_managers(lab, {})
    for master in lab.masters:
        for path in (CERTIFICATE, KEY):
            files.restore(lab, NAME, master, path)


FAULT = Fault(
    name=NAME,
    breaks="The controller-managers sign certificates with a CA that the API servers do not trust.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("signer-untrusted",),
    blames=("Flag/kube-controller-manager/--cluster-signing-cert-file",),
    red=("certs.issued_certificate_is_believed",),
)
