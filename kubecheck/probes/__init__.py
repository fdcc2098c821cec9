"""Questions and answers: each kind of question knows the shell line that asks it and its parser."""

from kubecheck.probes.dns import DnsAnswer, DnsOverTcp, DnsOverUdp
from kubecheck.probes.http import HttpAnswer, HttpGet, Identity
from kubecheck.probes.question import Answer, Question, Raw
from kubecheck.probes.resolve import Resolve, ResolveAnswer
from kubecheck.probes.tcp import TcpAnswer, TcpConnect
from kubecheck.probes.tls import TlsAnswer, TlsHello
from kubecheck.probes.x509 import Certificate

__all__ = [
    "Answer",
    "Certificate",
    "DnsAnswer",
    "DnsOverTcp",
    "DnsOverUdp",
    "HttpAnswer",
    "HttpGet",
    "Identity",
    "Question",
    "Raw",
    "Resolve",
    "ResolveAnswer",
    "TcpAnswer",
    "TcpConnect",
    "TlsAnswer",
    "TlsHello",
]
