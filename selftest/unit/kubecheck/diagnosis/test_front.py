"""Causes in the address in front of the API servers, and in kubelets that do not get through there."""

from dataclasses import replace

import pytest

from kubecheck.checks import Policy
from kubecheck.cluster.leases import Lease, Leases
from kubecheck.cluster.objects import Condition, Kubelet
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained, unknown

MASTERS = ("m1", "m2", "m3")
VIP = "192.168.232.236:8443"
POLICY = Policy.model_validate({"control_plane": {"vip": VIP, "api_servers": 3}})


def node_leases(age):
    renewed = f"2026-01-01T00:{9 - age // 60:02d}:{59 - age % 60:02d}Z"
    return Leases("2026-01-01T00:10:00Z", {}, {name: Lease(name, name, 40, renewed) for name in MASTERS})


@pytest.fixture
def facts():
    """A cluster that this run reaches by a master's own address."""
    return replace(make_facts(MASTERS), server="https://10.0.0.1:6443")


def the_one(made):
    [found] = diagnose(made, all_kinds()).causes
    return found


class TestVip:
    def test_dead_for_all(self, facts):
        made = evidence(
            [
                *(failed("controlplane.vip_reachable", f"node:{name}", "no answer") for name in MASTERS),
                *(failed("certs.front_certificate", f"node:{name}", "no answer") for name in MASTERS),
            ],
            facts,
            policy=POLICY,
        )
        assert causes(made) == [("vip-down", (f"Address/{VIP}",))]
        assert not unexplained(made)

    def test_nobody_calls_dead_what_this_run_goes_through(self, facts):
        results = [failed("controlplane.vip_reachable", f"node:{name}", "no answer") for name in MASTERS]
        found = the_one(evidence(results, facts, policy=POLICY, server=f"https://{VIP}"))
        assert found.kind.id == "vip-down"
        assert "and kubecheck does" in found.finding.says
        assert "haproxy" not in " ".join(found.remedy)

    @pytest.mark.parametrize(("lost", "confidence"), [(1, Confidence.LIKELY), (2, Confidence.CERTAIN)])
    def test_one_node_alone_makes_it_no_more_than_likely(self, facts, lost, confidence):
        results = [
            failed("controlplane.vip_reachable", f"node:{name}", "no answer") for name in MASTERS[:lost]
        ]
        found = the_one(evidence(results, facts, policy=POLICY))
        assert found.finding.confidence is confidence

    def test_kubelets_that_run_and_do_not_get_through(self, facts):
        readable = {name: Reading(Kubelet(None, {})) for name in MASTERS}
        # One that cannot ask the API server who may do what answers, too.
        readable["m2"] = Reading(problem="Authorization error (user=kube-apiserver, verb=get)")
        made = evidence(
            [
                *(failed("controlplane.node_lease_fresh", f"api:{name}", "60 s ago") for name in MASTERS),
                failed("controlplane.leaders_at_work", targets=["kube-scheduler", "kube-controller-manager"]),
                *(failed("network.probe_pod_runs", f"pod:{name}", "Pending") for name in MASTERS),
                unknown("controlplane.vip_reachable", "node:m1"),
                *(failed("addons.node_has_metrics", f"api:{name}", "no row") for name in MASTERS),
            ],
            facts,
            policy=POLICY,
            kubelets=readable,
            leases=node_leases(60),
        )
        assert causes(made) == [("vip-down", (f"Address/{VIP}",))]
        assert not unexplained(made)
        found = the_one(made)
        assert found.finding.confidence is Confidence.POSSIBLE
        assert "kubelet-client-current.pem" in " ".join(found.remedy)

    def test_some_reach_it(self, facts):
        made = evidence(
            [
                failed("controlplane.vip_reachable", "node:m1", "no answer", [""]),
                passed("controlplane.vip_reachable", "node:m2", [Target("", Outcome.PASSED)]),
            ],
            facts,
            policy=POLICY,
        )
        assert causes(made) == [("control-plane-blocked", ("Node/m1",))]


class TestKubeletsCutOff:
    @pytest.mark.parametrize("policy", [POLICY, Policy()], ids=["VIP", "none"])
    def test_certificates_that_have_ended_at_all_kubelets(self, facts, policy):
        gone = Condition("Ready", "Unknown", "x", "Kubelet stopped posting node status.")
        problem = "Authorization error (user=kube-apiserver-kubelet-client, verb=get, resource=nodes)"
        made = evidence(
            [
                *(failed("nodes.node_ready", f"api:{name}", "Ready=Unknown") for name in MASTERS),
                *(failed("controlplane.node_lease_fresh", f"api:{name}", "3 h ago") for name in MASTERS),
                *(failed("network.probe_pod_runs", f"pod:{name}", "Pending") for name in MASTERS),
                *(unknown("controlplane.vip_reachable", f"node:{name}") for name in MASTERS),
                passed("controlplane.leaders_at_work", "api", [Target("kube-scheduler", Outcome.PASSED)]),
            ],
            facts,
            policy=policy,
            server=f"https://{VIP}",
            nodes=tuple(replace(node, conditions=(gone,)) for node in facts.nodes),
            kubelets={name: Reading(problem=problem) for name in MASTERS},
            leases=node_leases(500),
        )
        assert causes(made) == [("kubelets-cut-off", tuple(f"Node/{name}" for name in MASTERS))]
        assert not unexplained(made)
        found = the_one(made)
        assert found.finding.confidence is Confidence.POSSIBLE
        assert "haproxy" not in " ".join(found.remedy)

    def test_leases_that_only_look_old(self, facts):
        made = evidence(
            [failed("controlplane.node_lease_fresh", f"api:{name}", "62 s ago") for name in MASTERS],
            facts,
            policy=POLICY,
            server=f"https://{VIP}",
            kubelets={name: Reading(Kubelet(None, {})) for name in MASTERS},
            leases=node_leases(62),
        )
        assert causes(made) == [("kubelets-cut-off", tuple(f"Node/{name}" for name in MASTERS))]
        assert "date -u" in " ".join(the_one(made).remedy)
