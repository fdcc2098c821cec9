"""Questions and answers: each kind of question knows the shell line that asks it and its parser."""

from kubecheck.probes.dns import DnsAnswer, DnsOverTcp, DnsOverUdp
from kubecheck.probes.http import HttpAnswer, HttpGet, Identity
from kubecheck.probes.question import Answer, Question, Raw
from kubecheck.probes.resolve import Resolve, ResolveAnswer
from kubecheck.probes.tcp import TcpAnswer, TcpConnect

__all__ = [
    "Answer",
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
]
