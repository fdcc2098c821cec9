"""Names, looked up as programs do it: from a pod on every node."""

from kubecheck.checks import (
    PODS,
    DnsAnswer,
    DnsOverUdp,
    DnsSeries,
    DnsSeriesAnswer,
    Facts,
    Node,
    NotApplicable,
    Policy,
    Resolve,
    ResolveAnswer,
    Site,
    Standing,
    check,
    node_local,
    record_type,
)

TIMES = 10


def port_of_dns(here: Site) -> int:
    """A TCP port of the DNS Service: metrics where it has one, for a connection says nothing here."""
    ports = [port.port for port in here.facts.dns_service.value.ports if port.protocol == "TCP"]
    return ports[-1] if ports else 53


@check(
    title="A pod resolves the kubernetes Service, through cluster DNS",
    at=PODS,
    asks=lambda _: Resolve("kubernetes.default", 443),
    runbook=("R7",),
    remedy=(
        "kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns",
        "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
        "on the node: compare clusterDNS of the kubelet with the kube-dns Service, and look at kube-proxy",
    ),
)
def test_pod_resolves_kubernetes(answer: ResolveAnswer, facts: Facts, node: Node) -> None:
    """The name of the API server's Service resolves to its ClusterIP for a program in a pod.

    Every client library in a pod that uses the name depends on it, and with it on the kubelet's
    resolv.conf, on kube-proxy's rules for the DNS Service and on CoreDNS.
    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
    """
    answer.must_be(facts.kubernetes_service.value.ip, nameserver_of(facts, node))


@check(
    title="A pod resolves a Service of its own namespace by its bare name",
    at=PODS,
    asks=lambda _: Resolve("probe", 80, settles=True),
    runbook=("R7",),
    remedy=(
        "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
        "compare the search line of the pod's /etc/resolv.conf with the kubelet's clusterDomain",
    ),
)
def test_pod_resolves_own_namespace(answer: ResolveAnswer, facts: Facts, fleet: Standing, node: Node) -> None:
    """A bare Service name is found through the search path that the kubelet writes.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#namespaces-of-services
    """
    answer.must_be(fleet.services[f"{fleet.namespace}/probe"], nameserver_of(facts, node))


@check(
    title="A pod resolves Services of other namespaces",
    at=PODS,
    asks=lambda here: Resolve(
        here.facts.dns_service.value.name + "." + here.facts.dns_service.value.namespace, port_of_dns(here)
    ),
    runbook=("R8",),
    remedy=(
        "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
        "compare the search line of the pod's resolv.conf with clusterDomain and the Corefile",
    ),
)
def test_pod_resolves_other_namespace(answer: ResolveAnswer, facts: Facts, node: Node) -> None:
    """SERVICE.NAMESPACE is found through the search path, whose second entry is svc.DOMAIN.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#namespaces-of-services
    """
    answer.must_be(facts.dns_service.value.ip, nameserver_of(facts, node))


def nameserver_of(facts: Facts, node: Node) -> str:
    """The server that pods of ``node`` are to ask: the DNS Service, or the node's own cache.

    Source: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
    """
    kubelet = facts.kubelets[node.name].found
    for address in kubelet.cluster_dns if kubelet else ():
        if node_local(address) or address in facts.dns_service.value.cluster_ips:
            return address
    return facts.dns_service.value.ip


def series(here: Site) -> DnsSeries:
    """The kubernetes Service's name, ten times."""
    return DnsSeries(
        f"kubernetes.default.svc.{here.facts.dns_domain.value}",
        here.facts.dns_service.value.ip,
        record_type(here.facts.kubernetes_service.value.ip),
        TIMES,
    )


@check(
    title="Ten lookups in a row are all answered, in good time",
    at=PODS,
    asks=series,
    remedy=(
        "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide, and ask each of them by itself",
        "kubectl -n kube-system top pods -l k8s-app=kube-dns, and compare with their limits",
        "on the node: conntrack -S, and look at insert_failed and drop",
    ),
)
def test_lookups_are_steady(answer: DnsSeriesAnswer, policy: Policy) -> None:
    """No lookup is lost, and half of them are as fast as policy asks for (dns.max_milliseconds).

    The Service's address spreads lookups over the replicas: one that is dead loses some of them, and
    each costs its client five seconds.
    Source: resolv.conf(5), option timeout.
    """
    answer.must_all_come(TIMES)
    if policy.dns.max_milliseconds:
        answer.must_be_within(policy.dns.max_milliseconds)


def outside(here: Site) -> DnsOverUdp:
    """The name that policy gives."""
    if not here.policy.dns.outside_name:
        raise NotApplicable("policy names no outside name (dns.outside_name)")
    return DnsOverUdp(here.policy.dns.outside_name.rstrip("."), here.facts.dns_service.value.ip)


@check(
    title="A pod resolves a name outside of the cluster",
    at=PODS,
    asks=outside,
    remedy=(
        "kubectl -n kube-system get configmap coredns -o yaml, and look at the forward line",
        "on the nodes of the CoreDNS pods: does a nameserver of /etc/resolv.conf answer?",
    ),
)
def test_outside_name(answer: DnsAnswer) -> None:
    """CoreDNS forwards what is not the cluster's, and brings back an address.

    Source: https://coredns.io/plugins/forward/
    """
    answer.must(bool(answer.addresses), "an address")
