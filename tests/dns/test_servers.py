"""Each CoreDNS replica by itself: behind the Service's address a dead one hides among the others."""

from collections.abc import Mapping

from kubecheck.checks import (
    API,
    NODES,
    PODS,
    CannotTell,
    DnsAnswer,
    DnsOverTcp,
    DnsOverUdp,
    DnsServer,
    Facts,
    NotApplicable,
    Policy,
    Site,
    Standing,
    check,
    for_each,
    record_type,
)

LOOK_AT_REPLICA = (
    "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
    "kubectl -n kube-system logs POD --tail=50",
    "from a node and from a pod: nslookup kubernetes.default.svc.DOMAIN POD-ADDRESS",
)


def servers_to_ask(here: Site) -> list[DnsServer]:
    """All DNS servers, or in a large cluster a few: other ones from each node."""
    servers = here.facts.dns_setup.value.servers
    nodes = [node.name for node in here.facts.probed_nodes]
    limits = here.policy.network
    if len(nodes) <= limits.full_mesh_nodes or len(servers) <= limits.sample_targets:
        return list(servers)
    first = nodes.index(here.vantage.node) * limits.sample_targets
    return [servers[(first + step) % len(servers)] for step in range(limits.sample_targets)]


def called(server: DnsServer) -> str:
    """A server in words."""
    return f"{server.name} on {server.node or 'an unknown node'}"


def kubernetes_of_each(here: Site) -> dict[str, DnsOverUdp | DnsOverTcp]:
    """The kubernetes Service's address, of each server over UDP and over TCP."""
    name = f"kubernetes.default.svc.{here.facts.dns_domain.value}"
    rdtype = record_type(here.facts.kubernetes_service.value.ip)
    asked: dict[str, DnsOverUdp | DnsOverTcp] = {}
    for server in servers_to_ask(here):
        over_udp = DnsOverUdp(name, server.address, rdtype, server.udp_port)
        over_tcp = DnsOverTcp(name, server.address, rdtype, server.tcp_port)
        asked |= {f"{called(server)} over UDP": over_udp, f"{called(server)} over TCP": over_tcp}
    return asked


@check(
    title="Every CoreDNS replica answers by itself, over UDP and over TCP",
    at=NODES | PODS,
    asks=kubernetes_of_each,
    remedy=LOOK_AT_REPLICA,
)
def test_each_replica_answers(answers: Mapping[str, DnsAnswer | CannotTell], facts: Facts) -> None:
    """Each endpoint of the DNS Service resolves the kubernetes Service at its own address.

    One replica that cannot be reached, or does not answer, fails every lookup that the Service's
    address sends to it: names resolve sometimes.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/
    """
    for_each(answers, lambda _, answer: answer.must_be(facts.kubernetes_service.value.ip))


def new_service_of_each(here: Site) -> dict[str, DnsOverUdp]:
    """A Service of this run, of each server; it was made before the pods, so all know its name by now."""
    address = here.fleet.services[f"{here.fleet.namespace}/probe"]
    name = f"probe.{here.fleet.namespace}.svc.{here.facts.dns_domain.value}"
    return {
        called(server): DnsOverUdp(name, server.address, record_type(address), server.udp_port)
        for server in servers_to_ask(here)
    }


@check(
    title="Every CoreDNS replica knows a Service made now",
    at=PODS,
    asks=new_service_of_each,
    remedy=(
        "kubectl -n kube-system logs POD --tail=50, and look for failed lists and watches",
        "on the POD's node: does the kubernetes Service's address answer on 443?",
        "kubectl auth can-i watch endpointslices --as system:serviceaccount:kube-system:coredns",
    ),
)
def test_each_replica_is_current(answers: Mapping[str, DnsAnswer | CannotTell], fleet: Standing) -> None:
    """A replica that has lost the API server goes on answering with what it knew, and nothing new.

    Source: https://coredns.io/plugins/kubernetes/
    """
    address = fleet.services[f"{fleet.namespace}/probe"]
    for_each(answers, lambda _, answer: answer.must_be(address))


@check(
    title="CoreDNS replicas run on more than one node",
    at=API,
    runbook=("R1",),
    remedy=(
        "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
        "kubectl -n kube-system edit deployment coredns: a podAntiAffinity on kubernetes.io/hostname",
        "kubectl -n kube-system rollout restart deployment coredns",
    ),
)
def test_replicas_spread(facts: Facts, policy: Policy) -> None:
    """Where policy asks for it, ready DNS replicas stand on two nodes at least.

    When the one node that carries them all goes down, every name lookup fails until they have been
    started elsewhere: five minutes with Kubernetes' defaults.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    if not policy.dns.spread:
        raise NotApplicable("policy does not ask for DNS replicas on more than one node (dns.spread)")
    if len(facts.probed_nodes) < 2:
        raise NotApplicable("the cluster has one node")
    nodes = {pod.node: pod.name for pod in facts.dns_pods if pod.ready and not pod.deleted}
    if not nodes:
        raise AssertionError(f"no pod of Service {policy.dns.service} is ready on any node")
    assert len(nodes) > 1, (
        f"all ready DNS pods run on node {next(iter(nodes))}; at least two nodes are expected"
    )
