"""A second fault at a node whose traffic suffers: the first one must not hide it."""

from dataclasses import replace

import pytest

from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Condition, Pod
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, judged, unexplained, unknown

NODES = ("n1", "n2", "n3", "n4")


@pytest.fixture
def cluster():
    """Makes the evidence of results in a cluster of four nodes, one of which is n3."""
    facts = make_facts(NODES)
    nodes = tuple(replace(node, addresses=(f"192.0.2.{i}",)) for i, node in enumerate(facts.nodes, 1))
    facts = replace(facts, nodes=nodes)
    return lambda results, **known: evidence(results, facts, **{"standing": make_standing(NODES)} | known)


def matrix(check, node, kind, got="no answer"):
    """All results of a check between nodes, where ``node`` reaches no other and no other reaches it."""

    def target(source, to):
        bad = source != to and node in (source, to)
        return Target(to, Outcome.FAILED if bad else Outcome.PASSED, "", "", got if bad else "")

    for source in NODES:
        targets = [target(source, to) for to in NODES]
        bad = any(each.outcome is Outcome.FAILED for each in targets)
        yield judged(check, f"{kind}:{source}", Outcome.FAILED if bad else Outcome.PASSED, "some", targets)


def crashing(node, name, host_network):
    return Pod("kube-system", name, node, "Running", False, "10.244.9.9", host_network)


LOSES = tuple(matrix("network.no_packet_loss", "n3", "node", "3 of 10 lost"))
FORWARDS_NOT = (
    *matrix("network.pod_to_pod", "n3", "pod"),
    failed("network.node_forwards", "node:n3", "net.ipv4.ip_forward is 0"),
)
ETCD = [
    failed("controlplane.etcd_members_answer", f"node:{n}", "n3: connection refused", ["n3"]) for n in NODES
]
SECOND = [
    ([failed("addons.kube_proxy_healthy", "node:n3", "connection refused")], "kube-proxy-down"),
    ([failed("controlplane.node_has_pod_cidr", "api:n3", "node n3 has no podCIDR")], "node-without-pod-cidr"),
    (ETCD, "etcd-member-down"),
    ([failed("nodes.node_without_pressure", "api:n3", "DiskPressure=True")], "node-pressure"),
    ([failed("nodes.kubelet_refuses_anonymous", "kubectl:n3", "200 OK")], "kubelet-anonymous"),
    ([failed("nodes.kubelet_version_skew", "api:n3", "node n3 runs v1.20.0")], "kubelet-version-skew"),
    ([failed("nodes.kubelet_drift", "api:n3", "the kubelet of n3 differs: maxPods is 5")], "kubelet-drift"),
    ([failed("controlplane.no_system_pod_crashes", "api", "on n3", ["kube-system/kube-proxy-n3"])],
     "system-pod-crashing"),
]  # fmt: skip


@pytest.mark.parametrize(("second", "name"), SECOND, ids=[name for _, name in SECOND])
@pytest.mark.parametrize(
    ("first", "cause"), [(LOSES, "packet-loss"), (FORWARDS_NOT, "ip-forward-off")], ids=["loss", "forward"]
)
def test_a_fault_that_no_traffic_explains_is_told_beside_it(cluster, first, cause, second, name):
    pressed = {"conditions": (Condition("Ready", "True"), Condition("DiskPressure", "True", "full"))}
    made = cluster([*first, *second])
    nodes = tuple(replace(n, **pressed) if n.name == "n3" else n for n in made.facts.nodes)
    made = cluster([*first, *second], nodes=nodes, pods=(crashing("n3", "kube-proxy-n3", host_network=True),))
    assert sorted(each for each, _ in causes(made)) == sorted([cause, name])
    assert not unexplained(made)


def test_a_certificate_that_ends_is_no_matter_of_packets(cluster):
    made = cluster([*LOSES, failed("certs.kubelet_client_certificate", "api:n3", "ends in 2 days")])
    assert [each for each, _ in causes(made)] == ["packet-loss"]
    assert unexplained(made) == {"certs.kubelet_client_certificate@api:n3"}


def test_a_pod_does_not_crash_for_some_packets(cluster):
    crash = failed("controlplane.no_system_pod_crashes", "api", "on n3", ["kube-system/coredns-abc-def"])
    made = cluster([*LOSES, crash], pods=(crashing("n3", "coredns-abc-def", host_network=False),))
    assert sorted(each for each, _ in causes(made)) == ["packet-loss", "system-pod-crashing"]


def test_what_packet_loss_does(cluster):
    made = cluster([
        *LOSES,
        failed("nodes.exec", "kubectl:n3", "no answer in time"),
        failed("network.node_to_node", "node:n1", "no answer", ["n3"]),
        failed("dns.lookups_are_steady", "pod:n3", "2 of 10 without a reply"),
        failed("addons.node_has_metrics", "api:n3", "kubectl top node has no row for n3"),
        failed("controlplane.api_servers_reachable", "node:n3", "no answer", ["n1"]),
    ])  # fmt: skip
    assert causes(made) == [("packet-loss", ("Node/n3",))]
    assert not unexplained(made)


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        ("CrashLoopBackOff", ["ip-forward-off"]),
        ("ImagePullBackOff", ["ip-forward-off", "system-pod-crashing"]),
    ],
)
def test_a_pod_that_is_cut_off_crashes_and_pulls_no_image_for_other_reasons(cluster, waiting, expected):
    dead = replace(crashing("n3", "coredns-abc-def", host_network=False), waiting=waiting)
    crash = failed("controlplane.no_system_pod_crashes", "api", "on n3", ["kube-system/coredns-abc-def"])
    made = cluster([*FORWARDS_NOT, crash], pods=(dead,))
    assert sorted(each for each, _ in causes(made)) == expected
    assert not unexplained(made)


def test_a_metrics_server_that_is_cut_off_has_no_figures_of_others(cluster):
    there = replace(crashing("n3", "metrics-server-abc-def", host_network=False), ready=True)
    made = cluster(
        [*FORWARDS_NOT, *(failed("addons.node_has_metrics", f"api:{n}", "no row") for n in ("n1", "n2"))],
        pods=(there,),
    )
    assert causes(made) == [("ip-forward-off", ("Node/n3",))]
    assert not unexplained(made)


FORBIDDEN = Target("n3", Outcome.FAILED, "tcp 10.244.2.5:8081", "10.244.2.5", "connected")
MASKED = Target("n1", Outcome.FAILED, "GET http://10.244.0.5:8080/", "10.244.0.5", "client=192.0.2.3")
SHOWN = "TLS_X, certificate CN=kube-apiserver of CN=ca, valid until 2026-11-30"
NAMED = "NXDOMAIN"
ANSWERED = [
    failed("network.network_policy_is_enforced", "pod:n1", "n3: connected; expected nothing", [FORBIDDEN]),
    failed("network.source_address_is_kept", "pod:n3", "n1: saw 192.0.2.3", [MASKED]),
    failed("dns.pod_resolves_own_namespace", "pod:n3", NAMED, [Target("", Outcome.FAILED, got=NAMED)]),
    failed("dns.reverse_of_pod", "pod:n3", "1.2.3.4", [Target("", Outcome.FAILED, got="1.2.3.4")]),
    failed("certs.kubernetes_service_certificate", "pod:n3", "x", [Target("", Outcome.FAILED, got=SHOWN)]),
]
UNANSWERED = [
    unknown("network.network_policy_is_enforced", "pod:n1", "no pod answered", ["n3"]),
    failed("dns.pod_resolves_own_namespace", "pod:n3", "x", [Target("", Outcome.FAILED, got="no reply")]),
    failed("dns.srv_record", "pod:n3", "x", [Target("", Outcome.FAILED, got="SERVFAIL")]),
    failed("certs.kubernetes_service_certificate", "pod:n3", "asked tls: no answer; expected a certificate"),
]


@pytest.mark.parametrize(
    ("first", "cause"), [(LOSES, "packet-loss"), (FORWARDS_NOT, "ip-forward-off")], ids=["loss", "forward"]
)
class TestAnswers:
    @pytest.mark.parametrize("answer", ANSWERED, ids=lambda answer: answer.check)
    def test_packets_that_are_lost_answer_nothing(self, cluster, first, cause, answer):
        made = cluster([*first, answer])
        assert cause in dict(causes(made))
        found = {s for each in diagnose(made, all_kinds()).causes for s in each.finding.explains}
        assert answer.check not in {s.check for s in found}
        assert unexplained(made) == {f"{answer.check}@{answer.vantage}"}

    def test_what_has_no_answer_follows(self, cluster, first, cause):
        made = cluster([*first, *UNANSWERED])
        assert causes(made) == [(cause, ("Node/n3",))]
        assert not unexplained(made)


def test_a_dns_server_that_is_cut_off_answers_with_what_it_knew(cluster):
    setup = DnsSetup((DnsServer("10.244.2.9", "coredns-a", "n3", 53, 53),), Reading(("cluster.local",)))
    stale = Target("coredns-a on n3", Outcome.FAILED, "dns", "10.244.2.9", NAMED)
    made = cluster(
        [*FORWARDS_NOT, *ANSWERED[2:3], failed("dns.each_replica_is_current", "pod:n3", "x", [stale])],
        dns_setup=setup,
    )
    assert causes(made) == [("ip-forward-off", ("Node/n3",))]
    assert not unexplained(made)


def dual(node):
    """Both families between pods, where ``node`` and the others do not reach each other over IPv6."""
    for source in NODES:
        targets = [
            Target(f"{to} over IPv6", Outcome.FAILED, "", f"fd00::{to[1:]}", "no answer")
            for to in NODES
            if source != to and node in (source, to)
        ]
        targets += [Target(to, Outcome.PASSED, "", f"10.244.{i}.5") for i, to in enumerate(NODES)]
        yield judged("network.pod_to_pod", f"pod:{source}", Outcome.FAILED, "some", targets)


FORWARDS_NO_IPV6 = failed(
    "network.node_forwards",
    "node:n3",
    "asked net.ipv4.ip_forward from node n3: IPv4 1, IPv6 0; expected net.ipv6.conf.all.forwarding = 1",
)


def test_a_node_that_forwards_no_ipv6_is_told_so(cluster):
    made = cluster([*dual("n3"), FORWARDS_NO_IPV6])
    assert causes(made) == [("ip-forward-off", ("Node/n3",))]
    assert not unexplained(made)
    [found] = diagnose(made, all_kinds()).causes
    assert found.finding.says == "node n3 forwards no IPv6 packets: net.ipv6.conf.all.forwarding is 0"
    assert "on n3: sysctl -w net.ipv6.conf.all.forwarding=1" in found.remedy
    assert "accept_ra" in found.remedy[0]


@pytest.mark.parametrize(
    ("first", "lost"),
    [
        (FORWARDS_NO_IPV6, matrix("network.pod_to_pod", "n3", "pod")),
        (FORWARDS_NOT[-1], dual("n3")),
    ],
    ids=["IPv6 off and IPv4 lost", "IPv4 off and IPv6 lost"],
)
def test_forwarding_in_one_family_does_not_explain_the_other(cluster, first, lost):
    made = cluster([first, *lost])
    assert sorted(each for each, _ in causes(made)) == ["ip-forward-off", "pod-network-blocked"]


def test_a_node_that_forwards_nothing_is_to_forward_both(cluster):
    both = "net.ipv4.ip_forward = 1 and net.ipv6.conf.all.forwarding = 1"
    lost = matrix("network.pod_to_pod", "n3", "pod")
    made = cluster(
        [*lost, *dual("n3"), failed("network.node_forwards", "node:n3", f"IPv4 0; expected {both}")]
    )
    assert causes(made) == [("ip-forward-off", ("Node/n3",))]
    assert not unexplained(made)
    [found] = diagnose(made, all_kinds()).causes
    assert "on n3: sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1" in found.remedy
