"""An API server shows a certificate that its clients do not accept."""

import re
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom

BY_CHANCE = ("certs.kubernetes_service_certificate", "certs.front_certificate")


@cause(
    title="An API server's certificate is not accepted",
    confirm=(
        "openssl s_client -connect {address}:{port} </dev/null | openssl x509 -noout -text",
        "kubectl -n default get service kubernetes, and look for its address in the certificate's names",
    ),
    remedy=(
        "on {node}, as kubeadm made it: rm /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver.key; kubeadm init phase certs apiserver --config KUBEADM-CONFIG; crictl stop $(crictl ps -q --name kube-apiserver)",
        "on {node}, as a binary install: sign a new one for the addresses and names of all clients ({names}), put it in place of --tls-cert-file, and: systemctl restart kube-apiserver",
    ),
    source="https://kubernetes.io/docs/setup/best-practices/certificates/",
)
def apiserver_certificate(evidence: Evidence) -> Iterator[Finding]:
    """The certificate is not for the addresses that clients use, not of the CA that they have, or has ended.

    Behind a load balancer and behind the kubernetes Service clients meet this API server by chance: of
    three with one bad certificate, every third connection fails.
    """
    control_plane = evidence.facts.control_plane.found
    servers = control_plane.servers if control_plane else ()
    failing: dict[str, set[Symptom]] = {}
    for symptom in evidence.find("certs.api_server_certificates", failed=True):
        # One that showed none at all has another trouble than its certificate.
        if "expected a certificate" in symptom.message and _shown(symptom):
            failing.setdefault(symptom.target, set()).add(symptom)
    service = evidence.facts.kubernetes_service.found
    names = ", ".join((*(service.cluster_ips if service else ()), "kubernetes.default.svc"))
    for server in servers:
        mine = failing.get(server.name)
        if not mine:
            continue
        shown = {_which(symptom) for symptom in mine}
        met = {s for s in evidence.find(*BY_CHANCE) if _shown(s) and _which(s) in shown}
        words = [each.strip().removeprefix("is for ") for each in shown]
        met |= {
            s
            for s in evidence.find("certs.kubeconfig_server_certificate")
            if any(each and each in s.message for each in words)
        }
        said = min(symptom.message for symptom in mine)
        yield Finding(
            says=f"the API server on {server.name} shows a certificate that clients do not accept; expected is "
            f"{_fault(min(mine, key=lambda s: s.message))}",
            blames=(f"Node/{server.node}" if server.node else f"Address/{server.address}:{server.port}",),
            explains=frozenset(mine | met),
            confidence=Confidence.CERTAIN,
            names={
                "node": server.name,
                "address": server.address,
                "port": str(server.port),
                "names": names,
            },
            confirmed=(said,),
        )


def _shown(symptom: Symptom) -> bool:
    """Whether a certificate was shown at all; without one the trouble is another."""
    return ", certificate " in (symptom.got or symptom.message.partition("; expected")[0])


def _fault(symptom: Symptom) -> str:
    """What is said of the certificate, without who asked and whom."""
    found = re.search(r"expected (a certificate .*)", symptom.message, re.DOTALL)
    return found[1].strip() if found else symptom.message


def _which(symptom: Symptom) -> str:
    """What tells this certificate from others: its end, its names or its issuer, as the message has it."""
    return _fault(symptom).rpartition("; this one")[2]
