"""Each API server by itself: read through the proxy of one, and judged."""

from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, NotApplicable, Policy
from kubecheck.cluster.clusterinfo import ClusterInfo
from kubecheck.cluster.controlplane import (
    NOT_TOLD,
    ApiServer,
    ControlPlane,
    failing_in,
    read_control_plane,
)
from kubecheck.cluster.leases import Lease, Leases
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.services import slices_of
from kubecheck.policy.model import ControlPlane as Promised

from .conftest import NOW

NOT_READY = """\
[+]ping ok
[-]etcd failed: reason withheld
[+]poststarthook/rbac/bootstrap-roles ok
[-]poststarthook/start-service-ip-repair-controllers failed: not finished
readyz check failed
"""
SLICES = {
    "items": [
        {
            "addressType": "IPv4",
            "endpoints": [{"addresses": [a]} for a in ("192.168.232.1", "192.168.232.2", "192.168.232.3")],
            "ports": [{"name": "https", "port": 6443}],
        }
    ]
}


def server_of(node, version="v1.37.2", failing=()):
    return ApiServer(f"10.0.0.{len(node)}", 6443, node, Reading(failing), Reading(version))


def test_failing_checks_are_found_on_a_page_of_readyz():
    assert failing_in(NOT_READY) == (
        "etcd failed: reason withheld",
        "poststarthook/start-service-ip-repair-controllers failed: not finished",
    )
    assert failing_in("ok") == ()


def test_each_api_server_is_asked_at_its_node(server, api, facts):
    proxy = "/api/v1/nodes/https:{}:6443/proxy/{}"
    server.pages = {
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": (200, SLICES),
        "/readyz": (200, b"ok"),
        proxy.format("node1", "readyz"): (500, NOT_READY.encode()),
        proxy.format("node1", "version"): (200, {"gitVersion": "v1.37.2"}),
        proxy.format("node2", "readyz"): (
            503,
            {"message": "error trying to reach service: connection refused"},
        ),
    }
    found = read_control_plane(api, facts.nodes, slices_of(api, "default", "kubernetes"))
    one, two, three = found.servers
    assert found.failing.found == ()
    assert (one.name, two.name, three.name) == ("node1", "node2", "192.168.232.3")
    assert len(one.failing.value) == 2
    assert one.version.value == "v1.37.2"
    assert "connection refused" in two.failing.value[0]
    assert two.version.found is None
    assert three.failing.found is None
    assert "no node of the cluster" in three.failing.problem


def test_a_refused_right_is_no_failing_api_server(server, api, facts):
    server.pages = {
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": (200, SLICES),
        "/readyz": (200, b"ok"),
        "/api/v1/nodes/https:node1:6443/proxy/readyz": (403, {"message": "nodes/proxy is forbidden"}),
    }
    found = read_control_plane(api, facts.nodes, slices_of(api, "default", "kubernetes"))
    assert found.servers[0].failing.found is None
    assert "forbidden" in found.servers[0].failing.problem


def test_one_that_lets_in_nobody_without_credentials_is_alive_and_tells_no_more(server, api, facts, checks):
    proxy = "/api/v1/nodes/https:{}:6443/proxy/readyz"
    server.pages = {
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": (200, SLICES),
        "/readyz": (200, b"ok"),
        proxy.format("node1"): (401, {"message": "Unauthorized"}),
        proxy.format("node2"): (401, {"message": "Unauthorized"}),
    }
    found = read_control_plane(api, facts.nodes, slices_of(api, "default", "kubernetes"))
    assert all(each.failing.absent and each.version.absent for each in found.servers)
    module = checks("controlplane", "test_api_servers")
    module.test_api_servers_ready(replace(facts, control_plane=Reading(found)))
    with pytest.raises(NotApplicable, match=r"node1: .*Unauthorized.*192\.168\.232\.3: .*no node"):
        module.test_api_server_versions(replace(facts, control_plane=Reading(found)))
    broken = replace(found, failing=Reading(("etcd failed: reason withheld",)))
    with pytest.raises(AssertionError, match="kubeconfig's API server: etcd failed"):
        module.test_api_servers_ready(replace(facts, control_plane=Reading(broken)))


def test_versions_of_api_servers_that_run_on_no_node_are_not_compared(checks, facts):
    judge = checks("controlplane", "test_api_servers").test_api_server_versions
    outside = ApiServer("10.0.0.8", 443, "", NOT_TOLD, NOT_TOLD)
    elsewhere = replace(outside, address="10.0.0.9")
    for servers, raised in (
        ((outside, elsewhere), NotApplicable),
        ((), NotApplicable),
        ((outside, server_of("m1")), CannotTell),
    ):
        with pytest.raises(raised):
            judge(replace(facts, control_plane=Reading(ControlPlane(servers, Reading(())))))


def test_one_that_lets_strangers_see_its_health_alone_tells_no_version(server, api, facts):
    proxy = "/api/v1/nodes/https:node1:6443/proxy/"
    server.pages = {
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": (200, SLICES),
        "/readyz": (200, b"ok"),
        f"{proxy}readyz": (200, b"ok"),
        f"{proxy}version": (401, {"message": "Unauthorized"}),
    }
    one = read_control_plane(api, facts.nodes, slices_of(api, "default", "kubernetes")).servers[0]
    assert one.failing.found == ()
    assert one.version.absent


def test_one_that_is_not_ready_is_red_and_says_why(checks, facts):
    ready = checks("controlplane", "test_api_servers").test_api_servers_ready
    servers = (server_of("m1"), server_of("m22", failing=("etcd failed: reason withheld",)))
    with pytest.raises(AssertionError, match=r"m22.*etcd failed"):
        ready(replace(facts, control_plane=Reading(ControlPlane(servers, Reading(())))))


def test_one_that_may_not_be_asked_is_unknown(checks, facts):
    ready = checks("controlplane", "test_api_servers").test_api_servers_ready
    dark = replace(server_of("m1"), failing=Reading(problem="forbidden"))
    with pytest.raises(CannotTell, match="forbidden"):
        ready(replace(facts, control_plane=Reading(ControlPlane((dark,), Reading(())))))


def test_too_few_are_red(checks, facts):
    count = checks("controlplane", "test_api_servers").test_api_servers_count
    two = replace(
        facts, control_plane=Reading(ControlPlane((server_of("m1"), server_of("m22")), Reading(())))
    )
    count(two, Policy())
    with pytest.raises(AssertionError, match=r"2 API servers: m1 .*, m22 .*; expected are at least 3"):
        count(two, Policy(control_plane=Promised(api_servers=3)))


def test_one_that_stopped_renewing_its_identity_is_red(checks, facts):
    alive = checks("controlplane", "test_api_servers").test_api_servers_are_alive

    def lease(host, renewed):
        return Lease(f"apiserver-{host}", host, 3600, renewed, "kube-apiserver", host)

    fresh, stale = lease("m1", "2026-11-24T11:59:55Z"), lease("m2", "2026-11-24T11:50:00.123456Z")
    alive(replace(facts, leases=Reading(Leases(NOW, {fresh.name: fresh}, {}))))
    with pytest.raises(AssertionError, match=r"API server on m2 has not renewed .* for 600 s"):
        alive(replace(facts, leases=Reading(Leases(NOW, {fresh.name: fresh, stale.name: stale}, {}))))
    with pytest.raises(NotApplicable):
        alive(replace(facts, leases=Reading(Leases(NOW, {}, {}))))


@pytest.mark.parametrize(
    ("versions", "raised"),
    [
        (("v1.37.2", "v1.36.9"), None),
        (("v1.37.2", "v1.35.1"), AssertionError),
        (("v1.37.2",), NotApplicable),
        (("v1.37.2", None), CannotTell),
        (("v1.37.2", "v1.35.0", None), AssertionError),
        (("v1.30.14+k3s1", "v1.31.0-eks-1"), None),
    ],
)
def test_versions_one_minor_apart_are_allowed(checks, facts, versions, raised):
    judge = checks("controlplane", "test_api_servers").test_api_server_versions
    servers = tuple(
        replace(server_of("m" * number), version=Reading(version, problem="no answer"))
        for number, version in enumerate(versions, start=1)
    )
    given = replace(facts, control_plane=Reading(ControlPlane(servers, Reading(()))))
    if raised:
        with pytest.raises(raised):
            judge(given)
    else:
        judge(given)


@pytest.mark.parametrize(
    ("vip", "info", "host", "port"),
    [
        ("192.168.232.236:8443", Reading(absent=True), "192.168.232.236", 8443),
        ("[fd00::1]:6443", Reading(absent=True), "fd00::1", 6443),
        ("", Reading(ClusterInfo("https://api.example:6443", ())), "api.example", 6443),
        ("", Reading(ClusterInfo("https://api.example", ())), "api.example", 443),
    ],
)
def test_the_vip_is_policys_or_the_one_that_joining_machines_are_told(site_at, facts, vip, info, host, port):
    site = site_at(("node1",), "node1", Policy(control_plane=Promised(vip=vip)))
    assert replace(site, facts=replace(facts, cluster_info=info)).front() == (host, port)


def test_without_any_vip_nothing_is_asked(site_at, facts):
    site = site_at(("node1",), "node1")
    with pytest.raises(NotApplicable):
        replace(site, facts=replace(facts, cluster_info=Reading(absent=True))).front()
    with pytest.raises(CannotTell):
        replace(site, facts=replace(facts, cluster_info=Reading(ClusterInfo("", ())))).front()
