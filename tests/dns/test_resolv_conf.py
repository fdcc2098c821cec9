"""What kubelets hand to pods, and whether it is what CoreDNS serves."""

from kubecheck.checks import (
    API,
    EACH_NODE,
    PODS,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    ReadResolvConf,
    ResolvConfAnswer,
    Standing,
    check,
    listed,
    node_local,
)

NDOTS = 5  # kubelet: defaultDNSOptions in pkg/kubelet/network/dns/dns.go


@check(
    title="A pod's resolv.conf is what its kubelet promises",
    at=PODS,
    asks=lambda _: ReadResolvConf(),
    runbook=("R1", "R7"),
    remedy=(
        "kubectl get --raw /api/v1/nodes/NODE/proxy/configz, and look at clusterDNS and clusterDomain",
        "pods keep the resolv.conf they were made with: kubectl delete pod POD, once the kubelet is mended",
    ),
)
def test_pod_resolv_conf(answer: ResolvConfAnswer, facts: Facts, node: Node, fleet: Standing) -> None:
    """A pod asks the kubelet's clusterDNS, and searches its own namespace, all Services, the domain.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#namespaces-of-services
    """
    kubelet = facts.kubelets[node.name].value
    domain = kubelet.cluster_domain
    if not kubelet.cluster_dns or not domain:
        raise AssertionError(
            f"the kubelet of {node.name} hands out no cluster DNS: clusterDNS is"
            f" {', '.join(kubelet.cluster_dns) or 'empty'}, clusterDomain is {domain or 'empty'}"
        )
    answer.must_ask(kubelet.cluster_dns)
    answer.must_search((f"{fleet.namespace}.svc.{domain}", f"svc.{domain}", domain))
    answer.must_have_ndots(NDOTS)


@check(
    title="CoreDNS serves the domain that each kubelet hands to its pods",
    at=EACH_NODE,
    runbook=("R1",),
    remedy=(
        "kubectl -n kube-system get configmap coredns -o yaml, and look at the line of the kubernetes plugin",
        "kubectl get --raw /api/v1/nodes/NODE/proxy/configz, and look at clusterDomain",
        "make them alike, and restart what was changed: the kubelet, or the coredns Deployment",
    ),
)
def test_domain_is_served(facts: Facts, node: Node) -> None:
    """The kubelet's clusterDomain is a zone of the kubernetes plugin in the Corefile.

    Where they differ no name is found through the search path.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/
    """
    zones = facts.dns_setup.value.zones
    if zones.absent:
        raise NotApplicable(zones.problem)
    domain = facts.kubelets[node.name].value.cluster_domain
    assert domain.lower() in zones.value, (
        f"the kubelet of {node.name} hands out clusterDomain {domain or '(none)'}, and CoreDNS serves"
        f" {', '.join(zones.value)}"
    )


@check(
    title="All kubelets hand out the same DNS servers and domain",
    at=API,
    runbook=("R1", "R19"),
    remedy=(
        "for NODE in NODES: kubectl get --raw /api/v1/nodes/NODE/proxy/configz, and compare clusterDNS",
        "set clusterDNS and clusterDomain alike in every kubelet's configuration, and restart the kubelets",
    ),
)
def test_kubelets_agree(facts: Facts) -> None:
    """A pod finds the same names on whatever node it is started.

    Source: https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/
    """
    by_setting: dict[tuple[str, str], list[str]] = {}
    unread: dict[str, str] = {}
    for name, reading in facts.kubelets.items():
        if reading.found is None:
            unread[name] = reading.problem
            continue
        kubelet = reading.found
        # A node-local cache may listen at an address of its own on each node.
        handed = kubelet.cluster_dns
        servers = "a node-local cache" if handed and all(map(node_local, handed)) else ", ".join(handed)
        by_setting.setdefault((servers or "none", kubelet.cluster_domain or "none"), []).append(name)
    if len(by_setting) > 1:
        told = (
            f"clusterDNS {servers} and clusterDomain {domain} on {listed(names)}"
            for (servers, domain), names in by_setting.items()
        )
        raise AssertionError(f"kubelets differ: {listed(list(told), '; ')}")
    if unread:
        raise CannotTell(f"not every kubelet could be asked: {listed(list(unread.values()), '; ')}")
    if not by_setting:
        raise CannotTell("there is no kubelet to ask")
