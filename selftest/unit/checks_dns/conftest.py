"""A made-up cluster whose DNS is in order, for the checks to judge; each test spoils one thing of it."""

from dataclasses import dataclass, replace

import pytest

from kubecheck.checks import Policy, Site, Vantage
from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Kubelet, Pod, Service
from kubecheck.cluster.reading import Reading
from kubecheck.probes import Answer, Question, Raw
from selftest.unit.kubecheck.conftest import make_facts, make_standing

NODES = ("node1", "node2")
LABELS = {"k8s-app": "kube-dns"}


def kubelet(dns=("10.96.0.10",), domain="cluster.local"):
    return Reading(Kubelet(None, {"clusterDNS": list(dns), "clusterDomain": domain}))


@pytest.fixture
def facts():
    """Two nodes, a CoreDNS pod on each."""
    pods = tuple(
        Pod("kube-system", f"coredns-{n}", f"node{n}", "Running", True, f"10.244.{n}.2", False, LABELS)
        for n in (1, 2)
    )
    service = Service("kube-system", "kube-dns", ("10.96.0.10",), (), LABELS, ("10.244.1.2", "10.244.2.2"))
    servers = tuple(DnsServer(pod.address, pod.name, pod.node, 53, 53) for pod in pods)
    return replace(
        make_facts(NODES),
        pods=Reading(pods),
        dns_service=Reading(service),
        dns_setup=Reading(DnsSetup(servers, Reading(("cluster.local", "in-addr.arpa")))),
        kubelets={name: kubelet() for name in NODES},
        service_cidrs=Reading(("10.96.0.0/12",)),
    )


@pytest.fixture
def fleet():
    return make_standing(NODES)


@pytest.fixture
def site(facts, fleet):
    """Makes the site of node1's pod."""

    def make(facts=facts, fleet=fleet, policy=None):
        return Site(Vantage("pod", "node1"), facts, policy or Policy(), fleet)

    return make


@dataclass(frozen=True)
class Reply:
    """What a DNS server says: records' names and addresses, or a refusal."""

    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    refusal: str = ""

    def to(self, question: Question) -> Answer:
        """The answer to a question over UDP or TCP."""
        answer = question.read(Raw(0, b"", 0.01), "a pod")
        return replace(answer, addresses=self.addresses, names=self.names, refusal=self.refusal, parsed=True)


@pytest.fixture(scope="session")
def reply():
    """Makes a reply."""
    return Reply
