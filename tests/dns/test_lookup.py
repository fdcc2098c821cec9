"""Names, looked up as programs do it: from a pod on every node."""

from kubecheck.checks import PODS, Facts, Resolve, ResolveAnswer, Site, Standing, check


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
def test_pod_resolves_kubernetes(answer: ResolveAnswer, facts: Facts) -> None:
    """The name of the API server's Service resolves to its ClusterIP for a program in a pod.

    Every client library in a pod that uses the name depends on it, and with it on the kubelet's
    resolv.conf, on kube-proxy's rules for the DNS Service and on CoreDNS.
    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
    """
    answer.must_be(facts.kubernetes_service.value.ip, nameserver_of(facts))


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
def test_pod_resolves_own_namespace(answer: ResolveAnswer, facts: Facts, fleet: Standing) -> None:
    """A bare Service name is found through the search path that the kubelet writes.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#namespaces-of-services
    """
    answer.must_be(fleet.services[f"{fleet.namespace}/probe"], nameserver_of(facts))


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
def test_pod_resolves_other_namespace(answer: ResolveAnswer, facts: Facts) -> None:
    """SERVICE.NAMESPACE is found through the search path, whose second entry is svc.DOMAIN.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#namespaces-of-services
    """
    answer.must_be(facts.dns_service.value.ip, nameserver_of(facts))


def nameserver_of(facts: Facts) -> str:
    """The server that pods are to ask: the DNS Service."""
    return facts.dns_service.value.ip
