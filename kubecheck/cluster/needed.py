"""The rights that a run needs: the one table that is asked for, granted and explained."""

from __future__ import annotations

from collections.abc import Iterator

from kubecheck.cluster.rights import WHOLE, Part, Right
from kubecheck.policy import Policy

WITHOUT_PROBES = frozenset({Part.READ, Part.NODES, Part.TOKENS, Part.DASHBOARD})
"""The parts of a run that creates nothing (--no-probes)."""

KUBERNETES_SERVICE = (
    "certs.api_server_certificates certs.kubernetes_service_certificate dns.each_replica_answers"
    " dns.external_name dns.lookups_are_steady dns.pod_resolves_kubernetes dns.reverse_of_service"
    " network.dns_service_over_tcp network.dns_service_over_udp network.kubernetes_service_reachable"
)
DNS_SERVICE = (
    "dns.dns_replicas_ready dns.dns_service_address dns.external_name dns.headless_service"
    " dns.kubelet_cluster_dns dns.large_answer dns.lookups_are_steady dns.no_such_name"
    " dns.pod_resolves_kubernetes dns.pod_resolves_other_namespace dns.pod_resolves_own_namespace"
    " dns.replicas_spread dns.reverse_of_pod dns.reverse_of_service dns.srv_record"
    " network.dns_service_over_tcp network.dns_service_over_udp"
)
DASHBOARDS = "addons.dashboard_login addons.dashboard_node_port addons.dashboard_page"
ZONES = "dns.domain_is_served dns.reverse_of_pod dns.reverse_of_service"
WORKLOADS = "addons.cni_pod_ready controlplane.no_rollout_is_stuck"
LEASES = "controlplane.api_servers_are_alive controlplane.leaders_at_work controlplane.node_lease_fresh"
ALL = "*"
SHARDS = "kubecheck-shards"
"""The ConfigMap by which the shards of a run know of each other."""


def rights(policy: Policy, *, probes: bool = True, shards: bool = True) -> tuple[Right, ...]:
    """All that a run with ``policy`` needs; without ``probes``, what one needs that creates nothing.

    Without ``shards``, what one needs that shares its work with no other.
    """
    found = [*_core(policy), *_system(policy), *_extensions(), *_proxied(policy), *_probes(policy)]
    found += _shards() if shards else ()
    found += _rehearsal(policy)
    return tuple(right for right in found if probes or right.part in WITHOUT_PROBES)


def _each(
    part: Part,
    verbs: str,
    what: str,
    why: str,
    checks: str = "",
    *,
    namespaces: tuple[str, ...] = ("",),
    name: str = "",
) -> Iterator[Right]:
    stopped = WHOLE if checks == ALL else tuple(dict.fromkeys(checks.split()))
    for verb in verbs.split():
        for namespace in namespaces:
            yield Right(part, verb, what, why, stopped, namespace, name)


def _core(policy: Policy) -> Iterator[Right]:
    """Nodes, pods, namespaces, Services."""
    read = Part.READ
    dns, _, dns_name = policy.dns.service.partition("/")
    yield from _each(read, "get", "/version", "the version", ALL)
    yield from _each(read, "list", "nodes", "the nodes", ALL)
    yield from _each(
        read, "list", "pods", "the pods of the cluster",
        "addons.pods_have_metrics controlplane.no_system_pod_crashes controlplane.system_pods_ready"
        " dns.dns_replicas_ready dns.replicas_spread network.pod_addresses_are_unique"
        " nodes.no_pod_stuck_terminating",
    )  # fmt: skip
    strays = "certs.root_ca_everywhere"
    yield from _each(read, "list", "namespaces", "namespaces without the CA of the cluster", strays)
    yield from _each(read, "list", "configmaps", "the CA of the cluster, as each namespace has it", strays)
    yield from _each(read, "list", "services", "dashboards", DASHBOARDS)
    yield from _each(
        read, "get", "services", "the kubernetes Service", KUBERNETES_SERVICE,
        namespaces=("default",), name="kubernetes",
    )  # fmt: skip
    yield from _each(
        read, "get", "services", "the DNS Service", DNS_SERVICE, namespaces=(dns,), name=dns_name
    )
    yield from _each(
        read, "list", "endpointslices.discovery.k8s.io", "who stands behind Services, API servers among them",
        f"{KUBERNETES_SERVICE} {DNS_SERVICE} {DASHBOARDS} dns.domain_is_served dns.each_replica_is_current"
        " controlplane.api_server_versions controlplane.api_servers_count controlplane.api_servers_reachable"
        " controlplane.api_servers_ready controlplane.etcd_members_answer"
        " controlplane.webhooks_have_endpoints",
    )  # fmt: skip
    yield from _each(
        read, "list", "servicecidrs.networking.k8s.io", "the Service CIDR",
        "controlplane.node_addresses_are_apart controlplane.pod_cidrs_and_service_cidr"
        " dns.dns_service_address network.pod_addresses_are_unique",
    )  # fmt: skip


def _system(policy: Policy) -> Iterator[Right]:
    """What runs as the cluster's own, and how it is configured."""
    read, system = Part.READ, policy.addons.system_namespaces
    dns = policy.dns.service.partition("/")[0]
    yield from _each(
        read, "list", "deployments.apps", "cluster DNS",
        "dns.dns_may_watch dns.dns_replicas_ready", namespaces=(dns,),
    )  # fmt: skip
    for kind in ("deployments", "daemonsets"):
        yield from _each(read, "list", f"{kind}.apps", f"{kind} of the system", WORKLOADS, namespaces=system)
    yield from _each(
        read, "list", "leases.coordination.k8s.io", "leaders, API servers and kubelets at work", LEASES,
        namespaces=("kube-system", "kube-node-lease"),
    )  # fmt: skip

    def configmap(name: str, why: str, checks: str, namespace: str = "kube-system") -> Iterator[Right]:
        return _each(read, "get", "configmaps", why, checks, namespaces=(namespace,), name=name)

    yield from configmap(
        "kube-root-ca.crt", "the CA of the cluster",
        "certs.api_server_certificates certs.authority_strict certs.authority_valid certs.front_certificate"
        " certs.kubernetes_service_certificate certs.root_ca_everywhere",
    )  # fmt: skip
    yield from configmap(
        "extension-apiserver-authentication", "the CAs of users and of the aggregation layer",
        "certs.aggregation_authorities certs.issued_certificate_is_believed",
    )  # fmt: skip
    yield from configmap("coredns", "the zones of cluster DNS", ZONES, dns)
    told = "controlplane.cluster_info_signed"
    if not policy.control_plane.vip:
        told += " certs.front_certificate controlplane.vip_reachable"
    yield from configmap("cluster-info", "what joining nodes are told", told, "kube-public")
    if policy.addons.kube_proxy:
        proxies = "addons.kube_proxy_healthy addons.kube_proxy_mode addons.kube_proxy_version"
        yield from configmap("cilium-config", "whether Cilium stands in for kube-proxy", proxies)
        if not policy.addons.kube_proxy_mode:
            yield from configmap("kube-proxy", "the mode of kube-proxy", "addons.kube_proxy_mode")


def _extensions() -> Iterator[Right]:
    """What extends the API, and what the API server says of itself."""
    read = Part.READ
    services = "apiservices.apiregistration.k8s.io"
    yield from _each(
        read, "list", services, "aggregated APIs, the metrics API among them",
        "addons.aggregated_apis_available addons.metrics_api_available",
    )  # fmt: skip
    for kind in ("validating", "mutating"):
        what = f"{kind}webhookconfigurations.admissionregistration.k8s.io"
        yield from _each(read, "list", what, "admission webhooks", "controlplane.webhooks_have_endpoints")
    yield from _each(
        read, "list", "certificatesigningrequests.certificates.k8s.io",
        "the kubelets' requests for certificates",
        "certs.kubelet_certificate_subject certs.no_client_request_waits certs.no_serving_request_waits",
    )  # fmt: skip
    yield from _each(
        read, "create", "subjectaccessreviews.authorization.k8s.io",
        "what joining nodes and CoreDNS may do: it is answered, and nothing of it is kept",
        "addons.dashboard_login certs.bootstrap_token_usable certs.renewal_is_approved"
        " certs.token_is_approved certs.token_may_request dns.dns_may_watch",
    )  # fmt: skip
    yield from _each(
        read, "list", "nodes.metrics.k8s.io", "kubectl top node",
        "addons.node_has_metrics addons.node_metrics_fresh",
    )  # fmt: skip
    yield from _each(read, "list", "pods.metrics.k8s.io", "kubectl top pod", "addons.pods_have_metrics")
    yield from _each(
        read, "get", "/readyz", "what is failing in the API server", "controlplane.api_servers_ready"
    )
    yield from _each(read, "get", "/metrics", "how long writes to etcd take", "controlplane.etcd_writes_fast")


def _proxied(policy: Policy) -> Iterator[Right]:
    """What is read through the API server's proxy, and Secrets: each more than plain reading."""
    yield from _each(
        Part.NODES, "get", "nodes/proxy", "kubelets' configuration and metrics, each API server by itself",
        "certs.kubelet_client_certificate certs.kubelet_suites_configured controlplane.api_server_versions"
        " controlplane.api_servers_ready dns.domain_is_served dns.kubelet_cluster_dns dns.kubelets_agree"
        " dns.pod_resolv_conf nodes.kubelet_asks_for_credentials nodes.kubelet_configuration"
        " nodes.kubelet_drift",
    )  # fmt: skip
    yield from _each(
        Part.TOKENS, "list", "secrets", "bootstrap tokens",
        "certs.bootstrap_token_usable certs.token_is_approved certs.token_may_request"
        " controlplane.cluster_info_signed controlplane.tokens_cleaned",
        namespaces=("kube-system",),
    )  # fmt: skip
    yield from _each(Part.DASHBOARD, "get", "services/proxy", "the dashboard's page", "addons.dashboard_page")
    if not policy.addons.dashboard_admin:
        return
    namespace, _, name = policy.addons.dashboard_admin.partition("/")
    yield from _each(
        Part.LOGIN, "create", "serviceaccounts/token", "a token to log in with", "addons.dashboard_login",
        namespaces=(namespace,), name=name,
    )  # fmt: skip
    yield from _each(
        Part.LOGIN, "get create", "services/proxy", "the dashboard's login", "addons.dashboard_login"
    )
    yield from _each(
        Part.LOGIN, "create", "tokenreviews.authentication.k8s.io",
        "Headlamp has no login of its own: the API server must accept the token",
    )  # fmt: skip


def _probes(policy: Policy) -> Iterator[Right]:
    probes = Part.PROBES
    yield from _each(probes, "create delete", "namespaces", "the run's namespaces", ALL)
    yield from _each(probes, "list watch", "namespaces", "to see that they are gone")
    yield from _each(
        probes, "create", "serviceaccounts", "the account of the probe pods, without rights", ALL
    )
    yield from _each(probes, "create", "configmaps", "the configuration of their nginx", ALL)
    yield from _each(probes, "create", "services", "Services to look up and to reach", ALL)
    yield from _each(probes, "create", "deployments.apps", "pods that a controller makes", ALL)
    yield from _each(probes, "create", "pods", "the probe pods", ALL)
    yield from _each(probes, "list watch", "pods", "to wait until they are Ready", ALL)
    classes = "priorityclasses.scheduling.k8s.io"
    yield from _each(
        probes, "list", classes, "whether they could displace others: no Deployment is made then"
    )
    # A websocket is opened with GET; from 1.35 on, the API server wants the right to create as well.
    yield from _each(probes, "create get", "pods/exec", "to ask in the probe pods", ALL)
    yield from _each(probes, "get", "pods/log", "kubectl logs", "nodes.logs")
    yield from _each(probes, "create get", "pods/portforward", "kubectl port-forward", "nodes.port_forward")
    yield from _each(probes, "list", "events", "why a pod does not start")
    slices = "endpointslices.discovery.k8s.io"
    yield from _each(probes, "create", slices, "a name with many addresses", "dns.large_answer")
    yield from _each(probes, "list", slices, "to wait until the names of the pods are published")
    if policy.network.network_policy:
        yield from _each(
            probes, "create", "networkpolicies.networking.k8s.io", "one for the run's own pods",
            "network.network_policy_is_enforced",
        )  # fmt: skip
    if policy.images.pull_secrets:
        yield from _each(probes, "create", "secrets", "copies of the pull secrets", ALL)
    for full_name in policy.images.pull_secrets:
        namespace, _, name = full_name.partition("/")
        yield from _each(probes, "get", "secrets", "pull secrets", ALL, namespaces=(namespace,), name=name)


def _shards() -> Iterator[Right]:
    probes = Part.PROBES
    yield from _each(
        probes, "patch", "configmaps", "shards: which of them are here, and which have left", ALL, name=SHARDS
    )
    yield from _each(probes, "list", "services", "shards: Services that another has made", ALL)
    why = "shards: whether a fleet of theirs is going"
    yield from _each(probes, "list watch", "namespaces", why, ALL)


def _rehearsal(policy: Policy) -> Iterator[Right]:
    if not policy.certificates.rehearse_bootstrap:
        return
    rehearsal = Part.REHEARSAL
    yield from _each(
        rehearsal, "list", "secrets", "a bootstrap token to join with", ALL, namespaces=("kube-system",)
    )
    yield from _each(
        rehearsal, "delete", "certificatesigningrequests.certificates.k8s.io", "to leave no request behind",
        ALL,
    )  # fmt: skip
