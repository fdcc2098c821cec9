"""kube-proxy's own words, as busybox's wget prints them."""

from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, KubeProxy, NotApplicable, Policy
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.workloads import read_proxy_mode, read_proxy_replacement
from kubecheck.policy.model import Addons
from kubecheck.probes import Raw

# From kube-proxy 1.37.2, through Debian's busybox.
HEALTHY = (
    b'{"lastUpdated":"2026-11-24T20:55:18.398095837Z","currentTime":"2026-11-24T20:55:18.398060932Z",'
    b'"nodeEligible":true,"healthy":true,"status":{"IPv4":{"lastUpdated":"2026-11-24T20:55:15.173857654Z",'
    b'"healthy":true}}}\nmode=iptables\n'
    b'kubernetes_build_info{build_date="1970-01-01T00:00:00Z",compiler="gc",git_commit="",git_tree_state="",'
    b'git_version="v1.37.2",go_version="go1.26.8",major="1",minor="37",platform="linux/amd64"} 1\n'
)
OLD = b'{"lastUpdated": "2022-01-01 11:00:00.5 +0000 UTC m=+2.5"}\nmode=ipvs\n'
LAGGING = b'{"lastUpdated":"2026-11-24T20:45:00Z","currentTime":"2026-11-24T20:55:00Z"}\nmode=\n'
UNHEALTHY = b"wget: server returned error: HTTP/1.1 503 Service Unavailable\n\nmode=iptables\n"
GONE = b"wget: can't connect to remote host (127.0.0.1): Connection refused\n\nmode=\n"


HEALTH = HEALTHY.partition(b"mode=")[0]
NO_METRICS = HEALTH + b"mode=wget: can't connect to remote host (127.0.0.1): Connection refused\n"
SLOW_METRICS = HEALTH + b"mode=\n"


def answer(output, status=0):
    return KubeProxy().read(Raw(status, output, 0.1), "node node1 (host network)")


def test_a_healthy_one_tells_mode_and_version():
    found = answer(HEALTHY)
    assert (found.mode, found.version, found.absent) == ("iptables", "v1.37.2", False)
    found.must_be_healthy(300)
    assert "mode iptables, version v1.37.2" in found.got


def test_one_from_before_it_told_times_in_rfc_3339_is_healthy_too():
    found = answer(OLD)
    found.must_be_healthy(300)
    assert (found.mode, found.version) == ("ipvs", "")


@pytest.mark.parametrize(
    ("output", "status", "told"),
    [
        (GONE, 1, "connection refused"),
        (UNHEALTHY, 1, "HTTP/1.1 503 Service Unavailable"),
        (b"Terminated\n\nmode=\n", 143, "no answer"),
        (LAGGING, 0, "rules updated in the last 300 s"),
    ],
)
def test_a_sick_one_is_red_and_says_how(output, status, told):
    with pytest.raises(AssertionError, match=told):
        answer(output, status).must_be_healthy(300)


@pytest.mark.parametrize(
    ("taint", "output", "raised"),
    [
        ("ToBeDeletedByClusterAutoscaler=1764403200:NoSchedule", UNHEALTHY, NotApplicable),
        ("ToBeDeletedByClusterAutoscaler=1764403200:NoSchedule", GONE, AssertionError),
        ("node.kubernetes.io/unschedulable=:NoSchedule", UNHEALTHY, AssertionError),
    ],
)
def test_503_tells_nothing_of_it_on_a_node_that_is_about_to_be_removed(checks, facts, taint, output, raised):
    judge = checks("addons", "test_kube_proxy").test_kube_proxy_healthy
    with pytest.raises(raised):
        judge(answer(output, 1), replace(facts.nodes[0], taints=(taint,)))


def test_an_image_without_wget_tells_nothing():
    with pytest.raises(CannotTell):
        answer(b"sh: wget: not found\n\nmode=\n", 127).must_be_healthy(300)


@pytest.mark.parametrize(
    ("server", "kubelet", "raised"),
    [
        ("v1.37.2", "v1.37.2", None),
        ("v1.38.0", "v1.37.2", None),
        ("v1.36.4", "v1.36.4", AssertionError),
        ("v1.41.0", "v1.38.0", AssertionError),
        ("v1.38.0", "v1.33.0", AssertionError),
    ],
)
def test_version_skew(checks, facts, server, kubelet, raised):
    judge = checks("addons", "test_kube_proxy").test_kube_proxy_version
    node = replace(facts.nodes[0], kubelet_version=kubelet)
    given = replace(facts, server_version=server)
    if raised:
        with pytest.raises(raised, match=r"kube-proxy v1\.37\.2"):
            judge(answer(HEALTHY), given, node)
    else:
        judge(answer(HEALTHY), given, node)


def test_a_dead_one_is_told_by_one_check_only(checks, facts):
    module = checks("addons", "test_kube_proxy")
    node = facts.nodes[0]
    with pytest.raises(NotApplicable):
        module.test_kube_proxy_version(answer(GONE, 1), facts, node)
    with pytest.raises(CannotTell):
        module.test_kube_proxy_version(answer(b"Terminated\n\nmode=\n", 143), facts, node)


@pytest.mark.parametrize(("output", "raised"), [(NO_METRICS, NotApplicable), (SLOW_METRICS, CannotTell)])
def test_a_healthy_one_that_tells_no_more(checks, facts, output, raised):
    module, node = checks("addons", "test_kube_proxy"), facts.nodes[0]
    found, promised = answer(output), Policy(addons=Addons(kube_proxy_mode="iptables"))
    found.must_be_healthy(300)
    for judge in (
        lambda: module.test_kube_proxy_version(found, facts, node),
        lambda: module.test_kube_proxy_mode(found, facts, promised, node),
    ):
        with pytest.raises(raised) as told:
            judge()
        assert raised is CannotTell or "nobody listens at port 10249 of its loopback" in str(told.value)


def test_the_mode_is_policys_or_that_of_the_configmap(checks, facts):
    judge = checks("addons", "test_kube_proxy").test_kube_proxy_mode
    node, kubeadm = facts.nodes[0], replace(facts, proxy_mode=Reading("ipvs"))
    ours = Policy(addons=Addons(kube_proxy_mode="iptables"))
    judge(answer(HEALTHY), kubeadm, ours, node)
    with pytest.raises(AssertionError, match="expected mode ipvs"):
        judge(answer(HEALTHY), kubeadm, Policy(), node)
    with pytest.raises(NotApplicable):
        judge(answer(HEALTHY), replace(facts, proxy_mode=Reading(absent=True)), Policy(), node)


def test_where_something_stands_in_for_it_nothing_is_asked(checks, facts, site_at):
    ask = checks("addons", "test_kube_proxy").ask_kube_proxy
    site = replace(site_at(("node1",), "node1"), facts=replace(facts, proxy_replaced=Reading(absent=True)))
    assert ask(site) == KubeProxy()
    with pytest.raises(NotApplicable, match="Cilium"):
        ask(replace(site, facts=replace(facts, proxy_replaced=Reading(True))))
    with pytest.raises(NotApplicable, match="policy"):
        ask(replace(site, policy=Policy(addons=Addons(kube_proxy=False))))


def test_what_its_configmaps_say(server, api):
    path = "/api/v1/namespaces/kube-system/configmaps/"
    config = 'kind: KubeProxyConfiguration\nipvs:\n  mode: x\nmode: "nftables"\n'
    server.pages = {
        f"{path}kube-proxy": (200, {"data": {"config.conf": config}}),
        f"{path}cilium-config": (200, {"data": {"kube-proxy-replacement": "true"}}),
    }
    assert read_proxy_mode(api) == Reading("nftables")
    assert read_proxy_replacement(api) is True
    server.pages = {
        f"{path}kube-proxy": (200, {"data": {"config.conf": 'mode: ""\n'}}),
        f"{path}cilium-config": (200, {"data": {"kube-proxy-replacement": "partial"}}),
    }
    assert read_proxy_mode(api) == Reading("iptables")
    assert read_proxy_replacement(api) is False


@pytest.mark.parametrize(
    ("status", "page", "absent"),
    [
        (200, {"data": {"kubeconfig": "mode: x"}}, True),  # as on EKS, whose configuration is elsewhere
        (200, {}, True),
        (404, {"message": "not found"}, True),
        (403, {"message": "forbidden"}, False),
        (200, {"data": {"config.conf": 7}}, False),
    ],
)
def test_a_configmap_that_does_not_hold_its_configuration_names_no_mode(server, api, status, page, absent):
    server.pages = {"/api/v1/namespaces/kube-system/configmaps/kube-proxy": (status, page)}
    reading = read_proxy_mode(api)
    assert (reading.found, reading.absent) == (None, absent)
    assert "ConfigMap kube-system/kube-proxy" in reading.problem
