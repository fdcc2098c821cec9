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
    NotApplicable,
    Probe,
    Site,
    Spread,
    SpreadAnswer,
    Standing,
    TcpAnswer,
    TcpConnect,
    check,
    record_type,
)

LOOK_AT_KUBE_PROXY = (
    "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide; on the node: systemctl status kube-proxy",
    "on the node: curl -s http://localhost:10256/healthz",
)


def api_name(here: Site) -> str:
    """The full name of the kubernetes Service."""
    return f"kubernetes.default.svc.{here.facts.dns_domain.value}"


def api_type(here: Site) -> str:
    """What the name of the kubernetes Service is asked for: A, or AAAA where its address is of IPv6."""
    return record_type(here.facts.kubernetes_service.value.ip)


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
    asks=lambda here: DnsOverTcp(api_name(here), here.facts.dns_service.value.ip, api_type(here)),
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
    asks=lambda here: DnsOverUdp(api_name(here), here.facts.dns_service.value.ip, api_type(here)),
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
    here.fleet.must_have_peers()
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


@check(
    title="A Service spreads requests over all of its endpoints",
    at=NODES | PODS,
    asks=lambda here: Spread(
        here.fleet.service(f"{here.fleet.peer_namespace}/peer"), 80, len(here.fleet.running_peers())
    ),
    runbook=("R14",),
    remedy=(
        "on the node, during a run: iptables-save | grep kubecheck.*peer, and compare the endpoints there",
        *LOOK_AT_KUBE_PROXY,
    ),
)
def test_service_spreads(answer: SpreadAnswer, fleet: Standing) -> None:
    """Of forty requests to a Service with three endpoints each is answered, and by each endpoint some.

    With one endpoint dead or out of reach, one request in three fails: a single request tells nothing.
    That a healthy endpoint is missed by chance happens less than once in a million.
    Source: https://kubernetes.io/docs/reference/networking/virtual-ips/
    """
    answer.must_be_all_of(
        {f"{peer.namespace}/{peer.name}": f"{peer.address} on {peer.node}" for peer in fleet.running_peers()}
    )


def own_service(here: Site) -> HttpGet:
    """The Service whose only endpoint is the asking pod."""
    name = f"{here.fleet.namespace}/{here.probe.name}"
    if name not in here.fleet.services and name not in here.fleet.refused:
        raise NotApplicable("in a large cluster only a sample of the nodes is asked")
    return HttpGet(here.fleet.service(name), 80, settles=True)


@check(
    title="A pod reaches itself through a Service",
    at=PODS,
    asks=own_service,
    remedy=(
        "on the node: cat /etc/cni/net.d/*, and look for hairpinMode of the bridge plugin",
        "on the node: grep . /sys/class/net/*/brport/hairpin_mode",
        *LOOK_AT_KUBE_PROXY,
    ),
)
def test_pod_reaches_itself(answer: HttpAnswer, probe: Probe) -> None:
    """A pod that is the only endpoint of a Service gets its own answer through the ClusterIP (hairpin).

    Members of a cluster that find each other through a Service meet themselves there.
    Source: https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-the-service-ip
    """
    answer.must_come_from(probe.name, probe.namespace)
