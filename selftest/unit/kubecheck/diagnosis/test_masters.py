"""Causes in API servers, their address, etcd and leaders."""

from dataclasses import replace

import pytest

from kubecheck.cluster.controlplane import ApiServer, ControlPlane
from kubecheck.cluster.leases import Lease, Leases
from kubecheck.cluster.objects import Pod
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.diagnosis.cause import Confidence
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained

MASTERS = ("m1", "m2", "m3")
NOW = "2026-01-01T00:10:00Z"


def server(name, failing=()):
    number = MASTERS.index(name) + 1
    return ApiServer(f"10.0.0.{number}", 6443, name, Reading(failing), Reading("v1.36.4"))


def control_plane(*names, failing=None):
    servers = tuple(server(name, (failing or {}).get(name, ())) for name in names)
    return ControlPlane(servers, Reading(()))


def reached(name):
    return Target(name, Outcome.PASSED)


def identity(host, seconds_ago):
    renewed = f"2026-01-01T00:{9 - seconds_ago // 60:02d}:{59 - seconds_ago % 60:02d}Z"
    return Lease(f"apiserver-{host}", host, 3600, renewed, "kube-apiserver", host)


def leases(**ages):
    """API servers' Leases, renewed so many seconds ago."""
    found = {f"apiserver-{host}": identity(host, age) for host, age in ages.items()}
    return Leases(NOW, found, {})


def node_leases(age, *names):
    renewed = f"2026-01-01T00:{9 - age // 60:02d}:{59 - age % 60:02d}Z"
    return Leases(NOW, {}, {name: Lease(name, name, 40, renewed) for name in names})


@pytest.fixture
def facts():
    return make_facts(MASTERS)


FEW = failed("controlplane.api_servers_count", message="endpoints for 2 API servers; expected are at least 3")


class TestApiServerDown:
    @pytest.mark.parametrize("gone", MASTERS)
    def test_its_lease_tells_of_one_that_was_killed(self, facts, gone):
        rest = [name for name in MASTERS if name != gone]
        ages = dict.fromkeys(rest, 3) | {gone: 90}
        made = evidence(
            [FEW, failed("controlplane.api_servers_are_alive", message=f"the API server on {gone} has not")],
            facts,
            control_plane=control_plane(*rest),
            leases=leases(**ages),
        )
        assert causes(made) == [("apiserver-down", (f"Node/{gone}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize("few", [False, True])
    def test_one_of_which_only_its_lease_is_left_may_have_been_taken_away(self, facts, few):
        count = FEW if few else passed("controlplane.api_servers_count")
        alive = failed("controlplane.api_servers_are_alive", message="the API server on old has not renewed")
        made = evidence(
            [count, alive],
            facts,
            control_plane=control_plane(*MASTERS),
            leases=leases(m1=3, m2=3, m3=4, old=500),
        )
        [found] = diagnose(made, all_kinds()).causes
        assert found.kind.id == "apiserver-down"
        assert found.finding.confidence is (Confidence.CERTAIN if few else Confidence.POSSIBLE)
        if not few:
            assert found.finding.blames == ("Lease/kube-system/apiserver-old",)
            assert "kubectl -n kube-system delete lease apiserver-old" in found.remedy[0]
        assert not unexplained(made)

    @pytest.mark.parametrize("failing", [Reading(()), Reading(problem="Unauthorized", absent=True)])
    def test_one_that_answers_is_not_down_however_old_its_lease_looks(self, facts, failing):
        servers = control_plane(*MASTERS).servers
        behind = replace(servers[0], failing=failing)
        made = evidence(
            [failed("controlplane.api_servers_are_alive", message="the API server on m1 has not")],
            facts,
            control_plane=ControlPlane((behind, *servers[1:]), Reading(())),
            leases=leases(m1=90, m2=3, m3=4),
        )
        assert causes(made) == []

    def test_what_runs_beside_it_tells_of_one_that_was_stopped_in_good_order(self, facts):
        made = evidence(
            [FEW],
            facts,
            standing=make_standing(MASTERS),
            control_plane=control_plane("m1", "m2"),
            leases=leases(m1=3, m2=4),
            answers={("node:m3", "tcp 127.0.0.1:10257"): (0, "")},
        )
        assert causes(made) == [("apiserver-down", ("Node/m3",))]

    def test_nobody_is_blamed_without_a_witness(self, facts):
        made = evidence([FEW], facts, control_plane=control_plane("m1", "m2"), leases=leases(m1=3, m2=4))
        assert causes(made) == []
        assert unexplained(made) == {"controlplane.api_servers_count@api"}

    @pytest.mark.parametrize("frozen", MASTERS)
    def test_one_that_hangs_is_reached_from_nowhere(self, facts, frozen):
        said = "asked tls 10.0.0.1:6443: no answer; expected a TLS server"
        results = [
            failed(
                "controlplane.api_servers_reachable", f"node:{name}", f"1 of 3\n{frozen}: {said}", [frozen]
            )
            for name in MASTERS
        ]
        made = evidence(
            [
                *results,
                failed("controlplane.api_servers_ready", message="x", targets=[frozen]),
                failed(
                    "network.kubernetes_service_reachable", "pod:m2", "no answer to the connection attempt"
                ),
            ],
            facts,
            control_plane=control_plane(*MASTERS, failing={frozen: ("it does not answer: no",)}),
        )
        assert causes(made) == [("apiserver-down", (f"Node/{frozen}",))]
        assert not unexplained(made)

    def test_a_lease_that_only_looks_old_blames_nobody(self, facts):
        made = evidence(
            [failed("controlplane.api_servers_are_alive", message="the API server on m2 has not renewed")],
            facts,
            control_plane=control_plane(*MASTERS),
            leases=leases(m1=3, m2=90, m3=3),
        )
        assert causes(made) == []

    def test_one_node_alone_that_does_not_reach_it_is_to_blame_itself(self, facts):
        result = failed("controlplane.api_servers_reachable", "node:m1", "m2: no answer", ["m2"])
        made = evidence(
            [result, passed("controlplane.api_servers_reachable", "node:m3", [reached("m2")])],
            facts,
            control_plane=control_plane(*MASTERS),
        )
        assert causes(made) == [("control-plane-blocked", ("Node/m1",))]


class TestEtcd:
    @pytest.mark.parametrize("dead", MASTERS)
    def test_one_member(self, facts, dead):
        made = evidence(
            [
                failed(
                    "controlplane.etcd_members_answer", f"node:{name}", f"{dead}: connection refused", [dead]
                )
                for name in MASTERS
            ]
            + [failed("controlplane.api_servers_ready", message=f"x\n{dead}: etcd failed", targets=[dead])],
            facts,
        )
        assert causes(made) == [("etcd-member-down", (f"Node/{dead}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize(
        ("pods", "confidence"),
        [(MASTERS, Confidence.CERTAIN), (MASTERS[:2], Confidence.LIKELY), ((), Confidence.CERTAIN)],
    )
    def test_a_master_without_its_pod_may_never_have_had_a_member(self, facts, pods, confidence):
        refused = [
            failed("controlplane.etcd_members_answer", f"node:{name}", "m3: connection refused", ["m3"])
            for name in MASTERS
        ]
        known = tuple(Pod("kube-system", f"etcd-{n}", n, "Running", n != "m3", "x", True) for n in pods)
        [found] = diagnose(evidence(refused, facts, pods=known), all_kinds()).causes
        assert found.finding.confidence is confidence
        assert ("if there ever was one" in found.finding.says) is (confidence is Confidence.LIKELY)

    def test_nothing_is_removed_before_a_copy_is_there(self):
        [kind] = [kind for kind in all_kinds() if kind.id == "etcd-member-down"]
        steps = "\n".join(kind.remedy)
        assert 0 < steps.index("snapshot save") < steps.index("member remove")

    def test_beside_an_api_server_that_is_down(self, facts):
        made = evidence(
            [
                failed("controlplane.etcd_members_answer", "node:m1", "m2: connection refused", ["m2"]),
                FEW,
            ],
            facts,
            control_plane=control_plane("m1", "m2"),
            leases=leases(m1=3, m2=4, m3=70),
        )
        assert sorted(causes(made)) == [("apiserver-down", ("Node/m3",)), ("etcd-member-down", ("Node/m2",))]


LATE = failed("network.deployment_becomes_ready", "fleet", "0 of 3 replicas are ready")


class TestLeaders:
    def test_no_scheduler(self, facts):
        standing = replace(make_standing(MASTERS), peer_problem="0 of 3: no scheduler has looked at it yet")
        made = evidence(
            [failed("controlplane.leaders_at_work", message="x", targets=["kube-scheduler"]), LATE],
            facts,
            standing=standing,
            leases=Leases(NOW, {}, {}),
        )
        assert causes(made) == [("leader-missing", ("Lease/kube-system/kube-scheduler",))]
        assert not unexplained(made)

    def test_no_controller_manager(self, facts):
        made = evidence(
            [
                failed("controlplane.leaders_at_work", message="x", targets=["kube-controller-manager"]),
                LATE,
                failed("network.new_service_works", "pod:m1", "connection refused"),
                failed("certs.new_node_gets_certificate", "rehearsal", "nobody approved the request"),
            ],
            facts,
            leases=Leases(NOW, {}, {}),
        )
        assert causes(made) == [("leader-missing", ("Lease/kube-system/kube-controller-manager",))]
        assert not unexplained(made)

    def test_both(self, facts):
        both = ["kube-scheduler", "kube-controller-manager"]
        made = evidence([failed("controlplane.leaders_at_work", targets=both), LATE], facts)
        assert len(causes(made)) == 2

    def test_work_that_was_done_shows_that_a_lease_only_looks_old(self, facts):
        made = evidence(
            [
                failed("controlplane.leaders_at_work", targets=["kube-scheduler"]),
                passed("network.deployment_becomes_ready", "fleet"),
            ],
            facts,
        )
        assert causes(made) == []
