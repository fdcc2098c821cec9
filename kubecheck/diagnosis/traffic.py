"""Which checks send which kind of traffic, and which symptoms follow from a way that is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from kubecheck.diagnosis.consequences import METRICS_ROWS, metrics_unreached, of_pods
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.geometry import Pair, Shape
from kubecheck.diagnosis.images import NOT_PULLED

LOOKUPS = (
    "dns.external_name",
    "dns.headless_service",
    "dns.large_answer",
    "dns.lookups_are_steady",
    "dns.no_such_name",
    "dns.outside_name",
    "dns.pod_resolves_*",
    "dns.reverse_of_*",
    "dns.srv_record",
    "network.dns_service_over_*",
)
"""Names looked up at the DNS Service."""

OUTSIDE = "dns.outside_name"
"""The one of these that is not the cluster's: CoreDNS asks other servers, and needs no API server for it."""

REPLICAS = ("dns.each_replica_answers", "dns.each_replica_is_current")
"""Names looked up at each DNS server by itself."""

TOLD_A_NAME = re.compile(r"NXDOMAIN|REFUSED|without such a record|^[\da-f]*[.:][\da-f.:]+(?=[ ,]|$)")
"""What a DNS server knows itself. SERVFAIL may stand for an answer that it did not get in its turn."""

BY_ANSWERS = ("network.network_policy_is_enforced", "network.source_address_is_kept")
"""These fail by what answers, and never for want of an answer."""

UNANSWERED = ("no reply", "connection refused")
"""What comes of a lookup that no DNS server answers."""

PAIRS = (
    "network.pod_to_pod",
    "network.node_to_pod",
    "network.pod_to_other_namespace",
    "network.pod_to_pod_over_udp",
    "network.large_transfer",
    "network.source_address_is_kept",
    "network.network_policy_is_enforced",
)
"""Pods asked at their own addresses."""

SERVICES = (
    "network.kubernetes_service_reachable",
    "network.dns_service_over_*",
    "network.new_service_works",
    "network.service_of_other_namespace",
    "network.service_spreads",
    "network.pod_reaches_itself",
    "network.large_transfer_through_service",
    "network.node_port",
    "addons.dashboard_node_port",
    "certs.kubernetes_service_certificate",
)
"""Services asked at their ClusterIPs and NodePorts."""

PROXIED = ("addons.dashboard_page", "addons.dashboard_login")
"""Services asked through an API server, which goes from its own node to the pods behind them."""

LOGIN = "addons.dashboard_login"
"""For this the dashboard's pod asks the kubernetes Service in its turn."""

ACCOUNT = ("logs in to", "there is no ServiceAccount")
"""What is said of a login where it is a matter of the account, and the way was open, or never asked."""


def answered(symptom: Symptom, *, of_names: bool = True) -> bool:
    """Whether it has failed by what was answered: then it is not packets that are lost.

    A certificate was shown, or, unless these do not count, ``of_names``, a DNS server told what it knows.
    """
    said = symptom.got or symptom.message.partition("; expected")[0]
    if not symptom.failed:
        return False
    if symptom.check.startswith("certs."):
        return "certificate" in said
    if symptom.check.startswith("dns."):
        return of_names and bool(TOLD_A_NAME.search(said))
    return symptom.check in BY_ANSWERS


def crossing(evidence: Evidence, pairs: Collection[Pair]) -> frozenset[Symptom]:
    """Symptoms of pod traffic between nodes in ``pairs``, either way, also where a Service leads there.

    A connection needs both directions, so it does not matter which of the two was asked from.
    """
    cut = {frozenset(pair) for pair in pairs}
    return _passing(evidence, lambda one, other: frozenset((one, other)) in cut)


def across(evidence: Evidence, shape: Shape) -> frozenset[Symptom]:
    """The same for a shape: where it has groups, for all pairs between them, of which a sample was asked."""
    return _passing(evidence, shape.parts) if shape.groups else crossing(evidence, shape.pairs)


def _passing(evidence: Evidence, cut: Callable[[str, str], bool]) -> frozenset[Symptom]:
    """Symptoms of pod traffic that may pass between two nodes that are ``cut``."""
    traffic = evidence.find(*PAIRS, *REPLICAS, *SERVICES, *LOOKUPS, *PROXIED)
    dns, servers = dns_nodes(evidence), _api_server_nodes(evidence)
    # DNS servers that have lost the API servers, or are cut off altogether, answer with what they knew.
    behind = any(cut(node, other) for node in dns for other in (*servers, node))
    lost = (s for s in traffic if not answered(s, of_names=not behind))
    found = {s for s in lost if any(cut(*pair) for pair in _ways(s, dns, servers))}
    if any(cut(server, node) for server in servers for node in metrics_nodes(evidence)):
        found |= metrics_unreached(evidence)
    return frozenset(found)


def dns_nodes(evidence: Evidence) -> frozenset[str]:
    """The nodes of the ready DNS servers."""
    setup = evidence.facts.dns_setup.found
    return frozenset(server.node for server in setup.servers if server.node) if setup else frozenset()


def metrics_nodes(evidence: Evidence) -> frozenset[str]:
    """The nodes of metrics-server's pods."""
    pods = evidence.facts.pods.found or ()
    return frozenset(pod.node for pod in pods if "metrics-server" in pod.name and not pod.host_network)


def _api_server_nodes(evidence: Evidence) -> frozenset[str]:
    """The nodes that API servers run on."""
    service = evidence.facts.kubernetes_service.found
    owner = evidence.services.get(service.full_name) if service else None
    return owner.nodes if owner else frozenset()


def _ways(symptom: Symptom, dns: frozenset[str], servers: frozenset[str]) -> Iterator[Pair]:
    """The pairs of nodes that its packets may cross on the pod network."""
    behind = symptom.behind
    if _of_account(symptom):
        return
    if symptom.check in PROXIED:
        yield from ((server, node) for server in servers for node in behind)
        return
    if symptom.check.startswith("dns.") and not behind:
        behind = dns  # a resolver asks the DNS Service without saying its address
    if symptom.to:
        yield symptom.node, symptom.to
        yield from ((symptom.to, node) for node in behind)  # a NodePort passes it on
    yield from ((symptom.node, node) for node in behind)


def _of_account(symptom: Symptom) -> bool:
    """Whether it is a login that fails for the account's sake."""
    return symptom.check == LOGIN and any(words in symptom.message for words in ACCOUNT)


def without_kube_proxy(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """Symptoms of Services asked from ``node``, or by pods there, at its NodePorts, and of its kube-proxy."""
    asked = evidence.find(*SERVICES, *LOOKUPS, "addons.kube_proxy_*", node=node)
    logins = frozenset(s for s in evidence.find(LOGIN) if node in s.behind)
    return asked | logins | evidence.find("network.node_port", "addons.dashboard_node_port", to=node)


def around(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """Symptoms of pod traffic from, to or through ``node``, and of its pods, where these are cut off."""
    return traffic_of(evidence, node) | pods_cut_off(evidence, node)


def traffic_of(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """Symptoms of pod traffic from, to or through ``node``.

    A DNS server or metrics-server there has lost the API server, and others have lost it.
    """
    # Itself among them: many CNIs route between pods of one node as between those of two.
    network = crossing(evidence, [(node, other.name) for other in evidence.facts.nodes])
    asked_here = frozenset(
        symptom
        for symptom in evidence.find(*SERVICES, *LOOKUPS, "network.pod_to_node*", kind="pod", node=node)
        if not answered(symptom, of_names=node not in dns_nodes(evidence))
    )
    asked_of_it = frozenset(
        symptom
        for symptom in evidence.find(*PROXIED, "network.service_spreads")
        if symptom.touches(node) and not _of_account(symptom)
    )
    found = network | asked_here | asked_of_it
    if node in metrics_nodes(evidence):
        found |= metrics_unreached(evidence) | evidence.find(*METRICS_ROWS)  # it gets no figures of others
    return found


def pods_cut_off(evidence: Evidence, node: str) -> frozenset[Symptom]:
    """What follows where pods on the pod network of ``node`` are cut off: they end, or do not get ready.

    Not so of those that wait for an image, which the node itself gets for them.
    """
    pods = evidence.facts.pods.found or ()
    there = [pod for pod in pods if pod.node == node and not pod.host_network]
    return of_pods(evidence, [pod for pod in there if not NOT_PULLED.search(pod.waiting)])
