"""Discovery: every fact is asked for once, side by side, and what cannot be read says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.attempt import MALFORMED, attempt, malformed
from kubecheck.cluster.bootstrap import read_bootstrap, read_tokens
from kubecheck.cluster.certificates import read_certificates
from kubecheck.cluster.clusterinfo import read_cluster_info, signing
from kubecheck.cluster.connection import ConnectionProblem, explain_refusal
from kubecheck.cluster.controlplane import read_control_plane
from kubecheck.cluster.dashboard import read_dashboards
from kubecheck.cluster.dns import cluster_domain, read_dns, read_rights
from kubecheck.cluster.etcd import read_etcd_writes
from kubecheck.cluster.extensions import (
    METRICS_API,
    api_services_in,
    list_api_services,
    metrics_api_in,
    read_webhooks,
)
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.leases import read_leases
from kubecheck.cluster.metrics import patience, read_node_usage, read_pod_usage
from kubecheck.cluster.needed import rights
from kubecheck.cluster.objects import Deployment, Kubelet, Node, Pod, Usage
from kubecheck.cluster.priorities import PriorityClass, read_priority_classes
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.reviews import lacking
from kubecheck.cluster.services import read_service, slices_of
from kubecheck.cluster.sound import Unsound, sound
from kubecheck.cluster.workloads import read_proxy_mode, read_proxy_replacement, read_workloads
from kubecheck.input import parse_json
from kubecheck.policy import Policy

T = TypeVar("T")

ASK_AT_ONCE = 16
KUBELET_SECONDS = 15.0  # an API server by itself waits 30 for a kubelet that cannot be reached
NOT_MEASURED: Reading[dict[str, Usage]] = Reading(problem="metrics-server was not asked for its rows")
NOTHING_IS_CREATED: Reading[tuple[PriorityClass, ...]] = Reading(problem="only pods of a run need it")
DEEPEST = 50  # levels of a kubelet's configuration; it has five


def discover(api: Api, policy: Policy, *, probes: bool = True, shards: bool = False) -> Facts:
    """The facts of the cluster behind ``api``, but for what `measured` adds.

    Without ``probes`` they are for a run that creates nothing, with ``shards`` for one that shares what it
    creates.

    Raises ConnectionProblem when the API server cannot be reached, or does not let these
    credentials list nodes: without nodes there is nobody to ask and nobody to blame.
    """
    with ThreadPoolExecutor(ASK_AT_ONCE, thread_name_prefix="discover") as pool:

        def ask(what: str, read: Callable[[], T]) -> Future[Reading[T]]:
            return pool.submit(attempt, what, read)

        try:
            version = _first(api)["gitVersion"]
            nodes = tuple(sorted((parse.node(i) for i in api.items("/api/v1/nodes")), key=lambda n: n.name))
        except ApiError as problem:
            raise explain_refusal(api, problem) from None
        except MALFORMED as problem:
            raise ConnectionProblem(
                f"{api.server} does not answer as a Kubernetes API server does: check the address"
                f" ({malformed(problem)} while reading its nodes)"
            ) from None

        missing_rights = ask(
            "what these credentials may do",
            lambda: lacking(api, rights(policy, probes=probes, shards=shards)),
        )
        clock = ask("the API server's clock", api.clock)
        leases = ask("leases", lambda: read_leases(api))
        of_kubernetes = pool.submit(slices_of, api, "default", "kubernetes")
        control_plane = ask("the API servers", lambda: read_control_plane(api, nodes, of_kubernetes.result()))
        etcd_writes = ask("the metrics of the API server", lambda: read_etcd_writes(api))
        system = policy.addons.system_namespaces
        workloads = ask("Deployments and DaemonSets of the system", lambda: read_workloads(api, system))
        proxy_replaced = ask("Cilium's configuration", lambda: read_proxy_replacement(api))
        proxy_mode = pool.submit(read_proxy_mode, api)
        registered = pool.submit(list_api_services, api)
        api_services = ask("APIServices", lambda: api_services_in(registered.result()))
        metrics_api = ask(f"APIService {METRICS_API}", lambda: metrics_api_in(registered.result()))
        webhooks = ask("admission webhooks", lambda: read_webhooks(api))
        cluster_info = ask("ConfigMap kube-public/cluster-info", lambda: read_cluster_info(api))
        tokens = ask("bootstrap tokens", lambda: read_tokens(api))
        dashboards = ask(
            "Services of dashboards",
            lambda: read_dashboards(api, policy.addons.dashboard_admin, log_in=probes),
        )
        certificates = ask("certificates", lambda: read_certificates(api))
        some_node = nodes[0].name if nodes else "any"
        bootstrap = ask("bootstrap", lambda: read_bootstrap(api, some_node, tokens.result()))
        namespace, _, name = policy.dns.service.partition("/")
        kubelets = {
            node.name: ask(f"the kubelet of {node.name}", lambda node=node: _kubelet(api, node))  # type: ignore[misc]
            for node in nodes
        }
        pods = ask("pods", lambda: _pods(api))
        kubernetes = ask(
            "Service default/kubernetes",
            lambda: read_service(api, "default", "kubernetes", of_kubernetes.result),
        )
        of_dns = pool.submit(slices_of, api, namespace, name)
        dns = ask(f"Service {policy.dns.service}", lambda: read_service(api, namespace, name, of_dns.result))
        dns_setup = ask(
            "the servers of cluster DNS", lambda: read_dns(api, namespace, dns.result(), of_dns.result())
        )
        deployments = ask("Deployments of cluster DNS", lambda: _deployments(api, namespace))
        dns_lacks = pool.submit(lambda: _dns_lacks(api, deployments.result()))
        cidrs = ask("the Service CIDR", lambda: _service_cidrs(api))
        priorities = ask("PriorityClasses", lambda: read_priority_classes(api)) if probes else None
        read_kubelets = {name: future.result() for name, future in kubelets.items()}
        facts = Facts(
            server=api.server,
            server_version=version,
            nodes=nodes,
            pods=pods.result(),
            kubernetes_service=kubernetes.result(),
            dns_service=dns.result(),
            dns_deployments=deployments.result(),
            dns_domain=cluster_domain(read_kubelets, dns_setup.result()),
            service_cidrs=cidrs.result(),
            metrics_api=metrics_api.result(),
            node_usage=NOT_MEASURED,
            pod_usage=NOT_MEASURED,
            kubelets=read_kubelets,
            clock=clock.result(),
            certificates=certificates.result(),
            bootstrap=bootstrap.result(),
            leases=leases.result(),
            control_plane=control_plane.result(),
            etcd_writes=etcd_writes.result(),
            workloads=workloads.result(),
            dns_setup=dns_setup.result(),
            dns_lacks=dns_lacks.result(),
            proxy_replaced=proxy_replaced.result(),
            proxy_mode=proxy_mode.result(),
            api_services=api_services.result(),
            webhooks=webhooks.result(),
            cluster_info=cluster_info.result(),
            signing_tokens=signing(tokens.result()),
            dashboards=dashboards.result(),
            priority_classes=priorities.result() if priorities else NOTHING_IS_CREATED,
            missing_rights=missing_rights.result(),
        )
    try:
        return sound(facts)
    except Unsound as problem:
        raise ConnectionProblem(
            f"{api.server} does not answer as a Kubernetes API server does: check the address ({problem})"
        ) from None


def measured(api: Api, facts: Facts) -> Facts:
    """``facts`` with the rows of metrics-server, which may take some time more. Raises nothing."""
    until = patience(api)
    nodes = attempt("node metrics", lambda: read_node_usage(api, facts.nodes, until))
    pods = attempt(
        "pod metrics",
        lambda: read_pod_usage(api, facts.nodes, facts.pods.found or (), nodes.found or {}, until),
    )
    return sound(replace(facts, node_usage=nodes, pod_usage=pods))


def _first(api: Api) -> parse.Json:
    """What the API server says of its version: the first thing that a run asks.

    Silence says little: of several API servers behind a load balancer, one may hang. So it is asked once
    more, over another connection.
    """
    try:
        return api.get("/version")
    except ApiError as problem:
        if not problem.silence:
            raise
        return api.get("/version")


def _pods(api: Api) -> tuple[Pod, ...]:
    return tuple(parse.pod(item) for item in api.items("/api/v1/pods"))


def _deployments(api: Api, namespace: str) -> tuple[Deployment, ...]:
    items = api.items(f"/apis/apps/v1/namespaces/{namespace}/deployments", labelSelector="k8s-app=kube-dns")
    return tuple(parse.deployment(item) for item in items)


def _dns_lacks(api: Api, deployments: Reading[tuple[Deployment, ...]]) -> Reading[tuple[str, ...]]:
    if deployments.found is None:
        return Reading(problem=deployments.problem)
    coredns = next((each for each in deployments.found if each.coredns), None)
    if coredns is None:
        return Reading(problem="no Deployment here is cluster DNS's and CoreDNS", absent=True)
    return attempt("what CoreDNS may watch", lambda: read_rights(api, coredns))


def _service_cidrs(api: Api) -> tuple[str, ...]:
    """From the ServiceCIDR objects, which API servers publish since 1.33."""
    items = api.items("/apis/networking.k8s.io/v1/servicecidrs")
    return tuple(cidr for item in items for cidr in item["spec"]["cidrs"])


def _kubelet(api: Api, node: Node) -> Kubelet:
    proxy = f"/api/v1/nodes/{node.name}/proxy"

    def read(page: str) -> str:
        return api.through_proxy("GET", f"{proxy}/{page}", seconds=KUBELET_SECONDS)

    config = parse_json(read("configz"))["kubeletconfig"]
    # The two fields that may hold a credential.
    config.pop("staticPodURLHeader", None)
    if "staticPodURL" in config:
        config["staticPodURL"] = re.sub("//[^/@]*@", "//", config["staticPodURL"])
    if _depth(config) > DEEPEST:
        raise ValueError("it is nested too deeply")
    page = read("metrics")
    return Kubelet(
        client_certificate_seconds=parse.metric(page, "kubelet_certificate_manager_client_ttl_seconds"),
        config=config,
        started=parse.metric(page, "process_start_time_seconds"),
    )


def _depth(value: object) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, children), default=0)
