"""Questions and answers: each kind of question knows the shell line that asks it and its parser."""

from kubecheck.probes.denied import Denied, DeniedAnswer
from kubecheck.probes.disks import Disks, DisksAnswer
from kubecheck.probes.dns import DnsAnswer, DnsOverTcp, DnsOverUdp, record_type
from kubecheck.probes.dns_series import DnsSeries, DnsSeriesAnswer
from kubecheck.probes.http import HttpAnswer, HttpGet
from kubecheck.probes.identity import Identity, IdentityAnswer
from kubecheck.probes.kubelet_process import KubeletProcess, KubeletProcessAnswer
from kubecheck.probes.kubeproxy import KubeProxy, KubeProxyAnswer
from kubecheck.probes.loss import CountLost, LossAnswer
from kubecheck.probes.node_network import ForwardingAnswer, ReadForwarding, Route, RouteAnswer
from kubecheck.probes.ping import Ping, PingAnswer
from kubecheck.probes.question import Answer, Inquiry, Question, Raw
from kubecheck.probes.requests import (
    AnonymousGet,
    ClockAnswer,
    PodClock,
    PodExec,
    PodForward,
    PodLog,
    RequestAnswer,
    ServerClock,
    middle,
)
from kubecheck.probes.resolv_conf import ReadResolvConf, ResolvConfAnswer
from kubecheck.probes.resolve import Resolve, ResolveAnswer
from kubecheck.probes.runtime_files import RuntimeFiles, RuntimeFilesAnswer, RuntimeSettings
from kubecheck.probes.spread import Spread, SpreadAnswer
from kubecheck.probes.tcp import TcpAnswer, TcpConnect
from kubecheck.probes.tls import TlsAnswer, TlsHello
from kubecheck.probes.transfer import Download, DownloadAnswer
from kubecheck.probes.udp import UdpAnswer, UdpAsk
from kubecheck.probes.x509 import Certificate

__all__ = [
    "AnonymousGet",
    "Answer",
    "Certificate",
    "ClockAnswer",
    "CountLost",
    "Denied",
    "DeniedAnswer",
    "Disks",
    "DisksAnswer",
    "DnsAnswer",
    "DnsOverTcp",
    "DnsOverUdp",
    "DnsSeries",
    "DnsSeriesAnswer",
    "Download",
    "DownloadAnswer",
    "ForwardingAnswer",
    "HttpAnswer",
    "HttpGet",
    "Identity",
    "IdentityAnswer",
    "Inquiry",
    "KubeProxy",
    "KubeProxyAnswer",
    "KubeletProcess",
    "KubeletProcessAnswer",
    "LossAnswer",
    "Ping",
    "PingAnswer",
    "PodClock",
    "PodExec",
    "PodForward",
    "PodLog",
    "Question",
    "Raw",
    "ReadForwarding",
    "ReadResolvConf",
    "RequestAnswer",
    "ResolvConfAnswer",
    "Resolve",
    "ResolveAnswer",
    "Route",
    "RouteAnswer",
    "RuntimeFiles",
    "RuntimeFilesAnswer",
    "RuntimeSettings",
    "ServerClock",
    "Spread",
    "SpreadAnswer",
    "TcpAnswer",
    "TcpConnect",
    "TlsAnswer",
    "TlsHello",
    "UdpAnswer",
    "UdpAsk",
    "middle",
    "record_type",
]
