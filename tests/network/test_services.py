"""Services: the addresses that kube-proxy, or what stands for it, makes work on every node."""

from kubecheck.checks import (
    NODES,
    PODS,
    CannotTell,
    DnsAnswer,
    DnsOverTcp,
    DnsOverUdp,
    Facts,
    HttpAnswer,
    HttpGet,
    Site,
    Standing,
    TcpAnswer,
    TcpConnect,
    check,
)

LOOK_AT_KUBE_PROXY = (
    "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide; on the node: systemctl status kube-proxy",
    "on the node: curl -s http://127.0.0.1:10256/healthz",
)


def api_name(here: Site) -> str:
    """The full name of the kubernetes Service."""
    return f"kubernetes.default.svc.{here.facts.dns_domain.value}"


@check(
    title="Every node and every pod reaches the kubernetes Service on 443",
    at=NODES | PODS,
    asks=lambda here: TcpConnect(here.facts.kubernetes_service.value.ip, 443),
    runbook=("R9",),
    remedy=("kubectl get endpointslices -l kubernetes.io/service-name=kubernetes", *LOOK_AT_KUBE_PROXY),
)
def test_kubernetes_service_reachable(answer: TcpAnswer) -> None:
    """The ClusterIP of default/kubernetes accepts TCP connections on 443.

    Whatever runs in the cluster finds the API server there: CoreDNS, metrics-server, the CNI's
    own pods, every operator.
    Source: https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/
    """
    answer.must_connect()


@check(
    title="Every node and every pod reaches kube-dns on 53 over TCP",
    at=NODES | PODS,
    asks=lambda here: DnsOverTcp(api_name(here), here.facts.dns_service.value.ip),
    runbook=("R10",),
    remedy=(
        "kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns",
        *LOOK_AT_KUBE_PROXY,
    ),
)
def test_dns_service_over_tcp(answer: DnsAnswer, facts: Facts) -> None:
    """The DNS Service answers a query over TCP with the right address.

    Resolvers fall back to TCP for large answers, and some always use it.
    Source: RFC 7766.
    """
    answer.must_be(facts.kubernetes_service.value.ip)


@check(
    title="Every node and every pod reaches kube-dns on 53 over UDP",
    at=NODES | PODS,
    asks=lambda here: DnsOverUdp(api_name(here), here.facts.dns_service.value.ip),
    runbook=("R10",),
    remedy=(
        "kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns",
        *LOOK_AT_KUBE_PROXY,
    ),
)
def test_dns_service_over_udp(answer: DnsAnswer, facts: Facts) -> None:
    """The DNS Service answers a query over UDP with the right address: a reply, not an open port.

    Source: https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/
    """
    answer.must_be(facts.kubernetes_service.value.ip)


@check(
    title="A Service made now works on every node",
    at=NODES | PODS,
    asks=lambda here: HttpGet(here.fleet.services[f"{here.fleet.namespace}/probe"], 80, settles=True),
    runbook=("R13", "R14"),
    remedy=(
        *LOOK_AT_KUBE_PROXY,
        "on the node, during a run: iptables-save | grep kubecheck, or nft list ruleset | grep kubecheck",
    ),
)
def test_new_service_works(answer: HttpAnswer, fleet: Standing) -> None:
    """The ClusterIP of a Service that this run created leads to one of its pods, within settling time.

    Old Services go on working on a node whose kube-proxy is dead, because their rules stay; only
    a new one shows it.
    Source: https://kubernetes.io/docs/reference/networking/virtual-ips/
    """
    answer.must_come_from_namespace(fleet.namespace)


def peer_service(here: Site) -> HttpGet:
    """The peer Deployment through its Service; without a replica nothing can be asked."""
    if not here.fleet.peers:
        raise CannotTell(f"the peer Deployment has no replica: {here.fleet.peer_problem}")
    return HttpGet(here.fleet.services[f"{here.fleet.peer_namespace}/peer"], 80, settles=True)


@check(
    title="Every pod reaches a Service of another namespace",
    at=PODS,
    asks=peer_service,
    runbook=("R13", "R14"),
    remedy=(
        "kubectl get networkpolicies --all-namespaces",
        *LOOK_AT_KUBE_PROXY,
    ),
)
def test_service_of_other_namespace(answer: HttpAnswer, fleet: Standing) -> None:
    """A three-replica Deployment behind a Service in another namespace serves pods of this one.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/
    """
    answer.must_come_from_namespace(fleet.peer_namespace)
