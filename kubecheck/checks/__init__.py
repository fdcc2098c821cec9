"""The vocabulary that checks are written in. A check imports from here and from nowhere else."""

from kubecheck.checks.check import Check, check
from kubecheck.checks.judging import for_each
from kubecheck.checks.site import Site
from kubecheck.checks.vantage import API, EACH_NODE, FLEET, NODES, PODS, REHEARSAL, At, Vantage
from kubecheck.cluster.controlplane import ApiServer
from kubecheck.cluster.dashboard import Dashboard
from kubecheck.cluster.dns import DnsServer
from kubecheck.cluster.facts import Facts, tenth_address
from kubecheck.cluster.kubelets import deviations, drift
from kubecheck.cluster.leases import Lease
from kubecheck.cluster.objects import Deployment, Node, Pod, Service
from kubecheck.cluster.workloads import DaemonSet
from kubecheck.fleet.names import EXTERNAL, HEADLESS, MANY, many_addresses
from kubecheck.fleet.standing import HTTP_PORT, LARGE, LARGE_PATH, UDP_PORT, Peer, Probe, Standing
from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.policy import Policy
from kubecheck.probes import (
    Certificate,
    DnsAnswer,
    DnsOverTcp,
    DnsOverUdp,
    DnsSeries,
    DnsSeriesAnswer,
    Download,
    DownloadAnswer,
    HttpAnswer,
    HttpGet,
    IdentityAnswer,
    KubeProxy,
    KubeProxyAnswer,
    Ping,
    PingAnswer,
    ReadResolvConf,
    ResolvConfAnswer,
    Resolve,
    ResolveAnswer,
    Spread,
    SpreadAnswer,
    TcpAnswer,
    TcpConnect,
    TlsAnswer,
    TlsHello,
    UdpAnswer,
    UdpAsk,
    record_type,
)

__all__ = [
    "API",
    "EACH_NODE",
    "EXTERNAL",
    "FLEET",
    "HEADLESS",
    "HTTP_PORT",
    "LARGE",
    "LARGE_PATH",
    "MANY",
    "NODES",
    "PODS",
    "REHEARSAL",
    "UDP_PORT",
    "ApiServer",
    "At",
    "CannotTell",
    "Certificate",
    "Check",
    "DaemonSet",
    "Dashboard",
    "Deployment",
    "DnsAnswer",
    "DnsOverTcp",
    "DnsOverUdp",
    "DnsSeries",
    "DnsSeriesAnswer",
    "DnsServer",
    "Download",
    "DownloadAnswer",
    "Facts",
    "HttpAnswer",
    "HttpGet",
    "IdentityAnswer",
    "KubeProxy",
    "KubeProxyAnswer",
    "Lease",
    "Node",
    "NotApplicable",
    "Peer",
    "Ping",
    "PingAnswer",
    "Pod",
    "Policy",
    "Probe",
    "ReadResolvConf",
    "ResolvConfAnswer",
    "Resolve",
    "ResolveAnswer",
    "Service",
    "Site",
    "Spread",
    "SpreadAnswer",
    "Standing",
    "TcpAnswer",
    "TcpConnect",
    "TlsAnswer",
    "TlsHello",
    "UdpAnswer",
    "UdpAsk",
    "Vantage",
    "check",
    "deviations",
    "drift",
    "for_each",
    "many_addresses",
    "record_type",
    "tenth_address",
]
