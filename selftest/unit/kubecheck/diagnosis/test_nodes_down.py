"""Causes that take a whole node away, and what they swallow elsewhere."""

from dataclasses import replace

import pytest

from kubecheck.cluster.leases import Lease, Leases
from kubecheck.cluster.objects import Condition, Kubelet, Pod, Service
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained, unknown

NAMES = ("n1", "n2", "n3")
STOPPED = "Kubelet stopped posting node status."


def cluster(node, status, message):
    """Three nodes with addresses of their own; ``node`` is not Ready."""
    facts = make_facts(NAMES)
    nodes = []
    for number, each in enumerate(facts.nodes, 1):
        condition = Condition("Ready", status, "x", message) if each.name == node else each.conditions[0]
        nodes.append(replace(each, addresses=(f"192.168.232.{number}",), conditions=(condition,)))
    return replace(facts, nodes=tuple(nodes))


def standing_without(node):
    found = make_standing(NAMES)
    dead = [replace(p, problem="not Ready") if p.node == node else p for p in found.probes]
    services = found.services | {f"{found.namespace}/probe-{name}": f"10.96.1.{name[1]}" for name in NAMES}
    return replace(found, probes=tuple(dead), services=services, peer_problem="2 of 3 replicas are ready (x)")


def address(node):
    return f"192.168.232.{node[1]}"


def swallowed(node):
    """What one node's loss turns red all over the cluster."""
    others = [name for name in NAMES if name != node]
    own_service = Target(node, Outcome.FAILED, "GET", f"10.96.1.{node[1]}", "connection refused")
    return [
        failed("nodes.node_ready", f"api:{node}", f"node {node} is Ready=Unknown"),
        failed("controlplane.node_lease_fresh", f"api:{node}", f"Lease kube-node-lease/{node} was renewed"),
        failed("addons.node_has_metrics", f"api:{node}", f"kubectl top node has no row for {node}"),
        failed("network.deployment_becomes_ready", "fleet", "2 of 3 replicas are ready"),
        failed("dns.dns_replicas_ready", message=f"1 DNS pods are ready (coredns-1 on {node}: Running)"),
        failed("controlplane.system_pods_ready", message="x", targets=["kube-system/coredns-1"]),
        *(
            failed("network.large_transfer_through_service", f"pod:{name}", f"{node}: 0 bytes", [own_service])
            for name in others
        ),
        unknown("dns.pod_resolves_kubernetes", f"pod:{node}", "does not run"),
        *(unknown("network.pod_to_pod", f"pod:{name}", f"{node}: x", [node]) for name in others),
    ]


def coredns(node):
    labels = {"k8s-app": "kube-dns"}
    return {
        "pods": (Pod("kube-system", "coredns-1", node, "Running", False, "10.244.9.9", False, labels),),
        "dns_service": Service("kube-system", "kube-dns", ("10.96.0.10",), (), labels, ("10.244.8.8",)),
    }


class TestKubeletDown:
    @pytest.mark.parametrize("node", NAMES)
    def test_swallows_all_that_follows(self, node):
        problem = Reading(problem=f"dial tcp {address(node)}:10250: connect: connection refused")
        made = evidence(
            swallowed(node),
            cluster(node, "Unknown", STOPPED),
            standing=standing_without(node),
            kubelets={node: problem},
            **coredns(node),
        )
        assert causes(made) == [("kubelet-down", (f"Node/{node}",))]
        assert not unexplained(made)

    def test_two_of_them_are_one_cause_that_blames_both(self):
        facts = cluster("n1", "Unknown", STOPPED)
        dead = replace(facts.nodes[1], conditions=facts.nodes[0].conditions)
        refused = Reading(problem="connect: connection refused")
        made = evidence(
            [failed("nodes.node_ready", "api:n1"), failed("nodes.node_ready", "api:n2")],
            replace(facts, nodes=(facts.nodes[0], dead, facts.nodes[2])),
            kubelets={"n1": refused, "n2": refused, "n3": Reading(Kubelet(None, {}))},
        )
        assert causes(made) == [("kubelet-down", ("Node/n1", "Node/n2"))]

    def test_a_second_fault_is_not_swallowed(self):
        made = evidence(
            [
                failed("nodes.node_ready", "api:n2", "node n2 is Ready=Unknown"),
                failed("network.hairpin", "pod:n3", "elsewhere"),
                failed(
                    "nodes.kubelet_drift", "api:n1", "the kubelet of n1 differs from others: maxPods is 5"
                ),
            ],
            cluster("n2", "Unknown", STOPPED),
            standing=standing_without("n2"),
        )
        assert sorted(causes(made)) == [("kubelet-down", ("Node/n2",)), ("kubelet-drift", ("Node/n1",))]
        assert unexplained(made) == {"network.hairpin@pod:n3"}


class TestNodeDown:
    @pytest.mark.parametrize("node", NAMES)
    def test_nothing_answers_at_its_address(self, node):
        asker = next(name for name in NAMES if name != node)
        made = evidence(
            [
                *swallowed(node),
                failed("network.node_to_node", f"node:{asker}", f"{node}: no answer", [node]),
                failed("controlplane.etcd_members_answer", f"node:{asker}", f"{node}: no answer", [node]),
            ],
            cluster(node, "Unknown", STOPPED),
            standing=standing_without(node),
            answers={(f"node:{asker}", f"tcp {address(node)}:10250"): (143, "")},
            **coredns(node),
        )
        assert causes(made) == [("node-down", (f"Node/{node}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize(
        ("pings", "sure"),
        [
            ((1, ""), Confidence.CERTAIN),
            ((1, "ping: permission denied (are you root?)"), Confidence.LIKELY),
            (None, Confidence.LIKELY),
        ],
    )
    def test_it_is_certain_once_a_ping_was_lost_too(self, pings, sure):
        answers = {("node:n2", f"tcp {address('n1')}:10250"): (143, "")}
        answers |= {("node:n2", f"ping {address('n1')}"): pings} if pings else {}
        made = evidence(
            swallowed("n1"),
            cluster("n1", "Unknown", STOPPED),
            standing=standing_without("n1"),
            answers=answers,
        )
        [found] = diagnose(made, all_kinds()).causes
        assert (found.kind.id, found.finding.confidence) == ("node-down", sure)

    @pytest.mark.parametrize("sign", ["refused", "ping", "pod", "tls"])
    def test_a_machine_that_answers_anything_is_not_down(self, sign):
        answered = {
            "pod": Target("n1", Outcome.PASSED, "GET http://10.244.0.5:8080/", "10.244.0.5"),
            "tls": Target("n1", Outcome.PASSED, "tls 192.168.232.1:6443", "192.168.232.1"),
        }
        problem = "connection refused" if sign == "refused" else "i/o timeout"
        answers = {("node:n2", f"tcp {address('n1')}:10250"): (143, "")}
        answers |= {("node:n3", f"ping {address('n1')}"): (0 if sign == "ping" else 1, "")}
        targets = [answered[sign]] if sign in answered else []
        made = evidence(
            [*swallowed("n1"), passed("controlplane.api_servers_reachable", "node:n2", targets)],
            cluster("n1", "Unknown", STOPPED),
            standing=standing_without("n1"),
            kubelets={"n1": Reading(problem=f"dial tcp {address('n1')}:10250: {problem}")},
            answers=answers,
        )
        assert causes(made) == [("kubelet-down", ("Node/n1",))]

    def test_a_port_that_is_closed_as_it_must_be_is_no_answer(self):
        closed = Target("n1", Outcome.PASSED, "tcp 10.244.0.5:8081, which is forbidden", "10.244.0.5")
        made = evidence(
            [*swallowed("n1"), passed("network.network_policy_is_enforced", "pod:n2", [closed])],
            cluster("n1", "Unknown", STOPPED),
            standing=standing_without("n1"),
            kubelets={"n1": Reading(problem=f"dial tcp {address('n1')}:10250: i/o timeout")},
        )
        assert causes(made) == [("node-down", ("Node/n1",))]


class TestRuntimeDown:
    @pytest.mark.parametrize("node", NAMES)
    def test_the_kubelet_says_so(self, node):
        made = evidence(
            [result for result in swallowed(node) if "lease" not in result.check],
            cluster(node, "False", "[container runtime is down, PLEG is not healthy]"),
            standing=standing_without(node),
            **coredns(node),
        )
        assert causes(made) == [("runtime-down", (f"Node/{node}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize("leases", [Reading(problem="403: forbidden"), Reading(Leases("", {}, {}))])
    def test_a_slow_one_is_likely_only(self, leases):
        said = "PLEG is not healthy: pleg was last seen active 4m ago; threshold is 3m0s"
        facts = cluster("n1", "False", said)
        made = evidence([failed("nodes.node_ready", "api:n1", said)], facts, leases=leases)
        [found] = diagnose(made, all_kinds()).causes
        assert (found.kind.id, found.finding.confidence) == ("runtime-down", Confidence.LIKELY)
        assert any("iostat" in step for step in found.remedy)

    @pytest.mark.parametrize(
        ("runtime", "kubelet", "unit"),
        [
            ("docker://27.3.1", "v1.34.1", "cri-docker"),
            ("docker://20.10.7", "v1.23.4", "docker"),
            ("containerd://2.1.4-k3s1", "v1.34.1+k3s1", "'k3s*'"),
            ("containerd://2.1.4", "v1.34.1", "containerd"),
            ("cri-o://1.34.0", "v1.34.1", "crio"),
        ],
    )
    def test_what_is_restarted_is_what_the_kubelet_asks(self, runtime, kubelet, unit):
        facts = cluster("n1", "False", "container runtime is down")
        nodes = tuple(replace(node, runtime=runtime, kubelet_version=kubelet) for node in facts.nodes)
        made = evidence([failed("nodes.node_ready", "api:n1")], replace(facts, nodes=nodes))
        [found] = diagnose(made, all_kinds()).causes
        assert found.remedy[0] == f"on n1: systemctl restart {unit}"

    def test_another_reason_for_not_being_ready_is_none(self):
        made = evidence(
            [failed("nodes.node_ready", "api:n1", "not ready")],
            cluster("n1", "False", "container runtime network not ready: cni plugin not initialized"),
        )
        assert "runtime-down" not in dict(causes(made))


def fresh_leases():
    leases = {name: Lease(name, name, 40, "2026-01-01T00:00:55Z") for name in NAMES}
    return Leases("2026-01-01T00:01:00Z", {}, leases)


class TestKubeletUnreachable:
    @pytest.mark.parametrize("node", NAMES)
    @pytest.mark.parametrize("how", ["i/o timeout", "connect: connection refused"])
    def test_it_reports_and_is_not_reached(self, node, how):
        problem = f"dial tcp {address(node)}:10250: {how}"
        other = next(name for name in NAMES if name != node)
        made = evidence(
            [
                failed("nodes.exec", f"kubectl:{node}", f"500 error dialing backend: {problem}"),
                failed("nodes.logs", f"kubectl:{node}", problem),
                failed("network.node_to_node", f"node:{other}", f"{node}: no answer", [node]),
                failed("addons.node_has_metrics", f"api:{node}", "no row"),
                unknown("dns.pod_resolves_kubernetes", f"pod:{node}", problem),
            ],
            cluster("", "", ""),
            standing=make_standing(NAMES),
            kubelets={node: Reading(problem=problem)},
            leases=fresh_leases(),
            answers={(f"node:{other}", f"tcp {address(node)}:10250"): (143, "")},
        )
        assert causes(made) == [("kubelet-unreachable", (f"Node/{node}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize("how", ["on 8.8.8.8:53: no such host", "on 127.0.0.53:53: server misbehaving"])
    def test_names_that_are_not_resolved_are_no_fault_of_the_nodes(self, how):
        problems = {name: f"dial tcp: lookup {name} {how}" for name in NAMES}
        made = evidence(
            [failed("nodes.exec", f"kubectl:{name}", said) for name, said in problems.items()],
            cluster("", "", ""),
            standing=make_standing(NAMES),
            kubelets={name: Reading(problem=said) for name, said in problems.items()},
            leases=fresh_leases(),
        )
        [found] = diagnose(made, all_kinds()).causes
        assert found.finding.blames == ("Component/kube-apiserver",)
        assert "InternalIP" in found.remedy[0]
        assert not any("iptables" in step for step in found.remedy)
        assert not unexplained(made)

    def test_missing_rights_are_another_matter(self):
        made = evidence(
            [failed("nodes.exec", "kubectl:n1", "403 Forbidden")],
            cluster("", "", ""),
            kubelets={"n1": Reading(problem="403: nodes/proxy is forbidden")},
            leases=fresh_leases(),
        )
        assert causes(made) == []
