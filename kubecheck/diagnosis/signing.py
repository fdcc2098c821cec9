"""For how long the signer issues certificates, and where the CA's own end comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kubecheck.diagnosis.evidence import Evidence
from kubecheck.probes import Certificate

DAY = 86400.0
RENEWED_BEFORE = 0.1  # of its life a certificate has more than this left, or nobody renews it
SAME_END = 600.0  # seconds within which two ends are one: a kubelet's word is some seconds old

# How a kubelet comes to a new client certificate. Where kubeadm joined the node, it took the bootstrap
# kubeconfig away, and kubelet.conf names the certificate's file: without that file no kubelet starts.
# https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/#kubelet-client-cert
NEW_CERTIFICATE = (
    (
        "on {node}, as a binary install, while a bootstrap token is valid: mkdir -p /root/kubelet-before"
        " && mv /etc/kubernetes/kubelet.kubeconfig /var/lib/kubelet/pki/kubelet-client-* /root/kubelet-before"
        " && systemctl restart kubelet"
    ),
    (
        "for {node}, as kubeadm made it, on a master:"
        " kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}'"
        " >cluster.yaml && kubeadm kubeconfig user --config cluster.yaml --org system:nodes"
        " --client-name system:node:{node} >kubelet.conf"
    ),
    (
        "on {node}, as kubeadm made it, where that kubelet.conf was copied to: mkdir -p /root/kubelet-before"
        " && cp /etc/kubernetes/kubelet.conf /root/kubelet-before && mv kubelet.conf /etc/kubernetes"
        " && mv /var/lib/kubelet/pki/kubelet-client-* /root/kubelet-before && systemctl restart kubelet"
    ),
    (
        "on {node}, as kubeadm made it, once there is a new kubelet-client-current.pem:"
        " kubectl config set-credentials system:node:{node} --kubeconfig /etc/kubernetes/kubelet.conf"
        " --client-certificate /var/lib/kubelet/pki/kubelet-client-current.pem"
        " --client-key /var/lib/kubelet/pki/kubelet-client-current.pem"
    ),
)


@dataclass(frozen=True)
class Signing:
    """What is known of the signer of kubelets' client certificates.

    ``authority`` is the CA whose end counts, with ``authority_days`` left. ``days`` is how long what was
    issued lately is valid, 0 where nothing was seen; ``cut`` whether that end is the CA's own.
    """

    authority: Certificate | None
    authority_days: float
    days: float
    cut: bool

    def ends_with_authority(self, days_left: float) -> bool:
        """Whether a certificate with so many days left ends together with the CA."""
        return self.authority is not None and abs(days_left - self.authority_days) * DAY <= SAME_END

    def as_issued(self, days_left: float) -> bool:
        """Whether a certificate with so many days left may be one that was issued like those seen lately."""
        return bool(self.days) and RENEWED_BEFORE * self.days <= days_left <= self.days + 1


def signing(evidence: Evidence) -> Signing:
    """What the rehearsal got tells most; without one, the youngest request that was signed."""
    clock, certificates = evidence.facts.clock.found, evidence.facts.certificates.found
    authority, left = None, 0.0
    if clock and certificates and certificates.root.found:
        now = datetime.fromisoformat(clock)
        authority = certificates.authority(now, *_rehearsed(evidence))
        left = authority.days_left(now)
    ends, begins = _issued(evidence)
    if not ends or not begins:
        return Signing(authority, left, 0.0, cut=False)
    cut = bool(authority) and abs((authority.ends - ends).total_seconds()) <= SAME_END  # type: ignore[union-attr]
    return Signing(authority, left, (ends - begins).total_seconds() / DAY, cut)


def _rehearsed(evidence: Evidence) -> tuple[Certificate, ...]:
    """The certificate that the rehearsal got, if any."""
    standing = evidence.standing
    rehearsal = standing.rehearsal.found if standing else None
    return (rehearsal.certificate,) if rehearsal and rehearsal.certificate else ()


def _issued(evidence: Evidence) -> tuple[datetime | None, datetime | None]:
    """End and begin of what was issued last."""
    for certificate in _rehearsed(evidence):
        return certificate.ends, certificate.begins
    bootstrap = evidence.facts.bootstrap.found
    requests = (bootstrap.requests.found if bootstrap else None) or ()
    last = max((each for each in requests if each.ends), key=lambda each: each.created, default=None)
    if last is None:
        return None, None
    return datetime.fromisoformat(last.ends), datetime.fromisoformat(last.created)


def kubelet_days(evidence: Evidence, node: str) -> float | None:
    """How many days the client certificate of ``node``'s kubelet has left; None where it does not say."""
    reading = evidence.facts.kubelets.get(node)
    left = reading.found.client_certificate_seconds if reading and reading.found else None
    return None if left is None else left / DAY
