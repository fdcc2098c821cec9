"""The vocabulary that checks are written in. A check imports from here and from nowhere else."""

from kubecheck.checks.check import Check, check
from kubecheck.checks.judging import for_each
from kubecheck.checks.site import Site
from kubecheck.checks.vantage import API, EACH_NODE, FLEET, NODES, PODS, At, Vantage
from kubecheck.cluster.facts import Facts, tenth_address
from kubecheck.cluster.objects import Deployment, Node, Pod, Service
from kubecheck.fleet.standing import HTTP_PORT, Peer, Probe, Standing
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.policy import Policy
from kubecheck.probes import (
    Certificate,
    DnsAnswer,
    DnsOverTcp,
    DnsOverUdp,
    HttpAnswer,
    HttpGet,
    Resolve,
    ResolveAnswer,
    TcpAnswer,
    TcpConnect,
    TlsAnswer,
    TlsHello,
)

__all__ = [
    "API",
    "EACH_NODE",
    "FLEET",
    "HTTP_PORT",
    "NODES",
    "PODS",
    "At",
    "CannotTell",
    "Certificate",
    "Check",
    "Deployment",
    "DnsAnswer",
    "DnsOverTcp",
    "DnsOverUdp",
    "Facts",
    "HttpAnswer",
    "HttpGet",
    "Node",
    "NotApplicable",
    "Peer",
    "Pod",
    "Policy",
    "Probe",
    "Resolve",
    "ResolveAnswer",
    "Service",
    "Site",
    "Standing",
    "TcpAnswer",
    "TcpConnect",
    "TlsAnswer",
    "TlsHello",
    "Vantage",
    "check",
    "for_each",
    "tenth_address",
]
