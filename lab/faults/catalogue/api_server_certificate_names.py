"""One API server whose certificate lacks the address of the kubernetes Service."""

import ssl

from cryptography import x509

from lab.faults import certificates, files, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "api-server-certificate-names"
CERTIFICATE = "/etc/kubernetes/pki/apiserver.crt"
KEY = "/etc/kubernetes/pki/apiserver.key"


def inject(lab: Lab, its: Victims) -> None:
    """Give it one with every other name, which it reads by itself."""
    node = its["node"]
    text = files.read(lab, node, CERTIFICATE)
    made = certificates.without_address(lab, text, str(lab.settings.kubernetes_service))
    files.write(lab, NAME, node, CERTIFICATE, made.certificate.decode())
    files.write(lab, NAME, node, KEY, made.key.decode())
    _until_served(lab, node)


def heal(lab: Lab, its: Victims) -> None:
    """Give it the old one."""
    files.restore(lab, NAME, its["node"], CERTIFICATE)
    files.restore(lab, NAME, its["node"], KEY)
    _until_served(lab, its["node"])


def _until_served(lab: Lab, node: str) -> None:
    wanted = x509.load_pem_x509_certificate(files.read(lab, node, CERTIFICATE).encode()).serial_number

    def served() -> bool:
        shown = ssl.get_server_certificate(("127.0.0.1", lab.api_port(node)))
        return x509.load_pem_x509_certificate(shown.encode()).serial_number == wanted

    until(served, f"the API server of {node} shows the certificate in its file")


FAULT = Fault(
    name=NAME,
    breaks="The certificate of one API server lacks the address of the kubernetes Service.",
    choose=victims.any_master,
    inject=inject,
    heal=heal,
    causes=("apiserver-certificate",),
    blames=("Node/{node}",),
    # Through the Service it depends on which API server a connection comes to.
    red=("certs.api_server_certificates@node:*", "certs.kubernetes_service_certificate"),
    masters=2,
)
