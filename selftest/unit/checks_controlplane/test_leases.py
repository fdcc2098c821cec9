"""Leases: read, and judged by the API server's clock."""

from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, NotApplicable, Policy
from kubecheck.cluster.bootstrap import read_tokens
from kubecheck.cluster.clusterinfo import ClusterInfo, SigningToken, read_cluster_info, signing
from kubecheck.cluster.leases import Lease, Leases, read_leases
from kubecheck.cluster.objects import Condition
from kubecheck.cluster.reading import Reading
from kubecheck.policy.model import ControlPlane

from .conftest import NOW


def lease(name, renewed, seconds=15, holder="master1_abc"):
    return Lease(name, holder, seconds, renewed)


def with_leases(facts, *system, nodes=()):
    leases = Leases(NOW, {each.name: each for each in system}, {each.name: each for each in nodes})
    return replace(facts, leases=Reading(leases))


FRESH = "2026-11-24T11:59:58.123456Z"


def test_leases_are_read_with_what_names_an_api_server(server, api):
    def item(name, holder, labels=None, **spec):
        return {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"holderIdentity": holder, **spec},
        }

    path = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
    labels = {"apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": "master1"}
    server.pages = {
        path.format("kube-system"): (200, {"items": [
            item("kube-scheduler", "m1_x", renewTime=FRESH, leaseDurationSeconds=15),
            item("apiserver-abc", "apiserver-abc_y", labels, renewTime=FRESH, leaseDurationSeconds=3600),
        ]}),
        path.format("kube-node-lease"): (200, {"items": [item("node1", "node1")]}),
        "/version": (200, {}),
    }  # fmt: skip
    found = read_leases(api)
    assert found.system["kube-scheduler"] == Lease("kube-scheduler", "m1_x", 15, FRESH)
    assert list(found.api_servers) == ["master1"]
    assert found.read_at.endswith("+00:00")
    with pytest.raises(CannotTell, match="node1"):
        found.age(found.nodes["node1"])


@pytest.mark.parametrize(
    ("scheduler", "told"),
    [
        (None, "there is no Lease kube-system/kube-scheduler"),
        (lease("kube-scheduler", "2026-11-24T11:59:00Z"), "renewed 60 s ago, .* lasts 15 s"),
        (lease("kube-scheduler", FRESH, holder=""), "holder none"),
    ],
)
def test_a_leader_that_does_not_lead_is_red(checks, facts, scheduler, told):
    judge = checks("controlplane", "test_leases").test_leaders_at_work
    manager = lease("kube-controller-manager", FRESH)
    with pytest.raises(AssertionError, match=told):
        judge(with_leases(facts, manager, *filter(None, [scheduler])), Policy())


def test_leaders_at_work_are_green(checks, facts):
    judge = checks("controlplane", "test_leases").test_leaders_at_work
    both = [lease(name, FRESH) for name in ("kube-scheduler", "kube-controller-manager")]
    judge(with_leases(facts, *both), Policy())
    # A failover under way is no failure yet.
    judge(with_leases(facts, *(replace(each, renewed="2026-11-24T11:59:44Z") for each in both)), Policy())
    with pytest.raises(NotApplicable):
        judge(with_leases(facts), Policy(control_plane=ControlPlane(leader_election=False)))


def test_a_lease_of_the_future_tells_nothing(checks, facts):
    judge = checks("controlplane", "test_leases").test_leaders_at_work
    both = [lease(name, "2026-11-24T12:05:00Z") for name in ("kube-scheduler", "kube-controller-manager")]
    with pytest.raises(CannotTell, match="clocks disagree"):
        judge(with_leases(facts, *both), Policy())


def test_a_kubelet_that_stopped_reporting_is_red(checks, facts):
    judge = checks("controlplane", "test_leases").test_node_lease_fresh
    node = facts.nodes[0]
    judge(with_leases(facts, nodes=[lease("node1", FRESH, 40)]), node)
    with pytest.raises(AssertionError, match="renewed 50 s ago"):
        judge(with_leases(facts, nodes=[lease("node1", "2026-11-24T11:59:10Z", 40)]), node)
    with pytest.raises(AssertionError, match="never reported"):
        judge(with_leases(facts), node)


def test_a_node_that_is_ready_without_a_heartbeat_has_a_wrong_clock(checks, facts):
    judge = checks("controlplane", "test_leases").test_node_lease_fresh
    node = facts.nodes[0]
    old = with_leases(facts, nodes=[lease("node1", "2026-11-24T11:55:00Z", 40)])
    with pytest.raises(CannotTell, match="clock is behind"):
        judge(old, node)
    with pytest.raises(AssertionError):
        judge(old, replace(node, conditions=(Condition("Ready", "Unknown"),)))


def test_cluster_info_tells_who_signed_it_and_where_the_api_servers_are(server, api):
    data = {
        "kubeconfig": 'clusters:\n- cluster:\n    server: "https://vip:8443"\n',
        "jws-kubeconfig-abc123": "x",
    }
    server.pages = {"/api/v1/namespaces/kube-public/configmaps/cluster-info": (200, {"data": data})}
    assert read_cluster_info(api) == ClusterInfo("https://vip:8443", ("abc123",))


def test_tokens_are_read_without_their_secrets(server, api):
    data = {
        "token-id": "YWJjMTIz", "token-secret": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "usage-bootstrap-signing": "dHJ1ZQ==",
        "expiration": "MjAyNi0xMS0yNFQxMTowMDowMFo=",
    }  # fmt: skip
    secret = {"metadata": {"name": "bootstrap-token-abc123"}, "data": data}
    server.pages = {"/api/v1/namespaces/kube-system/secrets": (200, {"items": [secret]})}
    found = signing(Reading(read_tokens(api))).value
    assert found == (SigningToken("abc123", True, "2026-11-24T11:00:00Z"),)
    assert "0123456789abcdef" not in repr(found)
    assert server.asked[-1][2]["fieldSelector"] == "type=bootstrap.kubernetes.io/token"


def with_tokens(facts, *tokens, signed=()):
    return replace(
        facts,
        clock=Reading(NOW),
        cluster_info=Reading(ClusterInfo("https://vip:8443", tuple(signed))),
        signing_tokens=Reading(tokens),
    )


def test_a_missing_signature_is_red(checks, facts):
    judge = checks("controlplane", "test_bootstrap_controllers").test_cluster_info_signed
    living, ended = SigningToken("abc123", True, ""), SigningToken("old000", True, "2026-11-24T11:00:00Z")
    judge(with_tokens(facts, living, ended, signed=["abc123"]))
    with pytest.raises(AssertionError, match=r"abc123.*bootstrapsigner does not run"):
        judge(with_tokens(facts, living, ended))
    with pytest.raises(NotApplicable):
        judge(with_tokens(facts, ended, SigningToken("no0000", False, "")))
    with pytest.raises(NotApplicable):
        judge(replace(with_tokens(facts, living), cluster_info=Reading(absent=True)))


def test_a_token_that_outlives_its_end_is_red(checks, facts):
    judge = checks("controlplane", "test_bootstrap_controllers").test_tokens_cleaned
    judge(
        with_tokens(
            facts, SigningToken("abc123", True, ""), SigningToken("new000", True, "2027-01-01T00:00:00Z")
        )
    )
    with pytest.raises(AssertionError, match="old000 ended 3600 s ago"):
        judge(with_tokens(facts, SigningToken("old000", True, "2026-11-24T11:00:00Z")))
    with pytest.raises(CannotTell, match="soon"):
        judge(with_tokens(facts, SigningToken("abc123", True, "soon")))
    with pytest.raises(NotApplicable):
        judge(with_tokens(facts))
