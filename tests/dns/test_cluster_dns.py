"""Cluster DNS itself: it runs, and it stands where pods look for it."""

from ipaddress import ip_address

from kubecheck.checks import (
    API,
    EACH_NODE,
    Facts,
    Node,
    NotApplicable,
    Policy,
    check,
    node_local,
    tenth_address,
)


@check(
    title="CoreDNS runs and all of its replicas are ready",
    at=API,
    runbook=("R1",),
    remedy=(
        "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
        "kubectl -n kube-system describe deployment coredns",
        "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
    ),
)
def test_dns_replicas_ready(facts: Facts, policy: Policy) -> None:
    """The pods behind the DNS Service are ready, as many as policy asks for, and each is an endpoint.

    Without an endpoint every name lookup in the cluster fails. A Deployment whose rollout is stuck
    keeps its old replicas serving, so the rollout is looked at too; where no Deployment is known as cluster
    DNS's, none of its pods may be unready.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/
    """
    if facts.dns_service.absent:
        raise AssertionError(f"there is no DNS Service {policy.dns.service}")
    pods = facts.dns_pods
    ready = [pod for pod in pods if pod.ready and not pod.deleted]
    if len(ready) < policy.dns.min_replicas:
        states = [
            f"{pod.name} on {pod.node or 'no node'}: {pod.waiting or pod.phase}"
            for pod in pods
            if not pod.ready
        ]
        raise AssertionError(
            f"{len(ready)} of {len(pods)} DNS pods are ready, at least {policy.dns.min_replicas} expected"
            f" ({'; '.join(states) or 'there is no other'})"
        )
    endpoints = facts.dns_service.value.endpoints
    missing = [pod.name for pod in ready if pod.address not in endpoints]
    assert not missing, f"ready, but no endpoint of {policy.dns.service}: {', '.join(missing)}"
    if not facts.dns_deployments.value:
        waiting = [
            f"{pod.name} on {pod.node or 'no node'}: {pod.waiting or pod.phase}"
            for pod in pods
            if not pod.ready and not pod.deleted and pod.phase not in {"Succeeded", "Failed"}
        ]
        assert not waiting, f"{len(waiting)} of {len(pods)} DNS pods are not ready: {'; '.join(waiting)}"
    for deployment in facts.dns_deployments.value:
        behind = deployment.wanted - min(deployment.ready, deployment.updated)
        assert behind <= 0, (
            f"Deployment {deployment.name} wants {deployment.wanted} replicas, and {behind} are not"
            f" up to date and ready: "
            + "; ".join(f"{c.type}={c.status} {c.message}" for c in deployment.conditions)
        )


@check(
    title="The DNS Service has the tenth address of the Service CIDR",
    at=API,
    runbook=("R1",),
    remedy=(
        "kubectl -n kube-system get service kube-dns -o wide",
        "recreate the Service with that clusterIP, or set clusterDNS of every kubelet to the one it has",
    ),
)
def test_dns_service_address(facts: Facts) -> None:
    """By convention cluster DNS is the tenth address of the Service CIDR, which installers put into kubelets.

    API servers before 1.33 do not publish the Service CIDR; there the kubernetes Service, which has
    its first address, tells.
    Source: kubeadm, GetDNSIP in cmd/kubeadm/app/constants/constants.go.
    """
    service = facts.dns_service.value
    expected = [tenth_address(cidr) for cidr in facts.published_cidrs]
    if not expected:
        expected = [str(ip_address(facts.kubernetes_service.value.ip) + 9)]
    assert service.ip in expected, (
        f"Service {service.full_name} is {service.ip}, expected {' or '.join(expected)}"
    )


@check(
    title="Each kubelet hands the DNS Service's address to its pods",
    at=EACH_NODE,
    runbook=("R1",),
    remedy=(
        "kubectl get --raw /api/v1/nodes/NODE/proxy/configz, and look at clusterDNS",
        "set clusterDNS in the kubelet's configuration on that node, and restart the kubelet",
    ),
)
def test_kubelet_cluster_dns(facts: Facts, node: Node) -> None:
    """The kubelet's clusterDNS is what its pods find in resolv.conf; another address is another server.

    A node-local DNS cache legitimately answers at a link-local address of its own.
    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
    """
    service = facts.dns_service.value
    handed = facts.kubelets[node.name].value.cluster_dns
    if not handed:
        raise AssertionError(
            f"the kubelet of {node.name} has no clusterDNS, its pods get the node's resolv.conf"
        )
    if all(map(node_local, handed)):
        raise NotApplicable(f"pods of {node.name} ask a node-local DNS cache at {', '.join(handed)}")
    if not set(service.cluster_ips) & set(handed):
        raise AssertionError(
            f"the kubelet of {node.name} hands out clusterDNS {', '.join(handed)},"
            f" and the DNS Service is {', '.join(service.cluster_ips)}"
        )


@check(
    title="CoreDNS may watch Services and EndpointSlices",
    at=API,
    runbook=("R1",),
    remedy=(
        "kubectl get clusterrole,clusterrolebinding system:coredns -o yaml",
        "kubectl auth can-i watch endpointslices --as system:serviceaccount:kube-system:coredns",
        "put them back: kubeadm init phase addon coredns, or the manifest that CoreDNS was installed with",
    ),
)
def test_dns_may_watch(facts: Facts) -> None:
    """The authorizer lets CoreDNS's ServiceAccount list and watch what its answers are made of.

    Without these rights it goes on with what it knew, answers nothing new, and does not become ready
    when it is started again. Another DNS server, such as the older kube-dns, needs other rights.
    Source: https://coredns.io/plugins/kubernetes/
    """
    if facts.dns_lacks.absent:
        raise NotApplicable(facts.dns_lacks.problem)
    lacks = facts.dns_lacks.value
    account = f"{facts.coredns.namespace}/{facts.coredns.account} " if facts.coredns else ""
    assert not lacks, f"ServiceAccount {account}of CoreDNS may not {', '.join(lacks)}"
