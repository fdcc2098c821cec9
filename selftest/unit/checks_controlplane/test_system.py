"""System pods, rollouts, webhooks, aggregated APIs, CNI pods and the age of metrics."""

from dataclasses import replace
from datetime import datetime

import pytest

from kubecheck.checks import CannotTell, DaemonSet, Deployment, NotApplicable, Pod, Policy
from kubecheck.cluster import parse
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.extensions import (
    ApiService,
    Webhook,
    api_services_in,
    list_api_services,
    metrics_api_in,
    read_webhooks,
)
from kubecheck.cluster.objects import Condition, Kubelet, Usage
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.workloads import Workloads, read_workloads
from kubecheck.outcomes import TargetsFailed

from .conftest import NOW

CRASHED = "2026-11-24T11:58:00Z"
LONG_AGO = "2026-11-24T08:00:00Z"


def system_pod(name="etcd-node1", **changes):
    pod = Pod("kube-system", name, "node1", "Running", True, "10.0.0.1", True, ready_since=LONG_AGO)
    return replace(pod, **changes)


def with_pods(facts, *pods):
    return replace(facts, clock=Reading(NOW), pods=Reading(pods))


def test_a_pods_last_ending_is_read():
    pod = parse.pod(
        {
            "metadata": {"namespace": "kube-system", "name": "p", "creationTimestamp": LONG_AGO},
            "status": {
                "phase": "Running",
                "containerStatuses": [
                    {"name": "a", "restartCount": 1, "state": {"running": {}}, "lastState": {}},
                    {
                        "name": "b",
                        "restartCount": 7,
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {
                            "terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": CRASHED}
                        },
                    },
                ],
                "initContainerStatuses": [
                    {"name": "i", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
                ],
            },
        }
    )
    assert pod.ended == CRASHED
    assert pod.ending == "container b, exit code 137, OOMKilled"
    assert pod.waiting == "CrashLoopBackOff, ImagePullBackOff"
    assert pod.ready_since == LONG_AGO


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"restarts": 2, "ended": CRASHED}, ""),
        ({"restarts": 9, "ended": LONG_AGO}, ""),
        (
            {"restarts": 3, "ended": CRASHED, "ending": "container etcd, exit code 1, Error"},
            "exit code 1, Error",
        ),
        ({"waiting": "CrashLoopBackOff"}, "it waits: CrashLoopBackOff"),
        ({"waiting": "PodInitializing"}, ""),
        ({"waiting": "CrashLoopBackOff", "namespace": "default"}, ""),
        ({"waiting": "CrashLoopBackOff", "deleted": CRASHED}, ""),
    ],
)
def test_crashing_again_and_again(checks, facts, changes, told):
    judge = checks("controlplane", "test_system_pods").test_no_system_pod_crashes
    given = with_pods(facts, system_pod("quiet"), system_pod(**changes))
    if not told:
        judge(given, Policy())
        return
    with pytest.raises(AssertionError, match=told):
        judge(given, Policy())


def test_unready_for_long(checks, facts):
    judge = checks("controlplane", "test_system_pods").test_system_pods_ready
    judge(
        with_pods(facts, system_pod(ready=False, ready_since=CRASHED), system_pod("done", phase="Succeeded")),
        Policy(),
    )
    with pytest.raises(
        AssertionError, match=r"kube-system/etcd-node1 on node1 is Running, not ready for 14400 s"
    ):
        judge(with_pods(facts, system_pod(ready=False)), Policy())
    with pytest.raises(NotApplicable):
        judge(with_pods(facts), Policy())


def deployment(*conditions):
    return Deployment("kube-system", "coredns", 2, 2, 1, conditions)


@pytest.mark.parametrize(
    ("workload", "told"),
    [
        (deployment(Condition("Available", "True"), Condition("Progressing", "True")), ""),
        (deployment(Condition("Progressing", "False", "ProgressDeadlineExceeded")), "DeadlineExc"),
        (deployment(Condition("ReplicaFailure", "True", "FailedCreate", "quota")), "quota"),
        (deployment(Condition("Available", "False", since=CRASHED)), ""),
        (deployment(Condition("Available", "False", since=LONG_AGO)), "Available=False"),
        (DaemonSet("kube-system", "kube-proxy", {}, 3, 3, 2), ""),
        (DaemonSet("kube-system", "kube-proxy", {}, 3, 2, 2), "on 2 nodes, expected on 3"),
    ],
)  # fmt: skip
def test_a_stuck_rollout(checks, facts, workload, told):
    judge = checks("controlplane", "test_system_pods").test_no_rollout_is_stuck
    kinds = ((workload,), ()) if isinstance(workload, Deployment) else ((), (workload,))
    given = replace(facts, clock=Reading(NOW), workloads=Reading(Workloads(*kinds)))
    if not told:
        judge(given, Policy())
        return
    with pytest.raises(AssertionError, match=told):
        judge(given, Policy())


def test_the_cnis_pod_is_missing_on_one_node(checks, facts):
    judge = checks("addons", "test_cni").test_cni_pod_ready
    agent = DaemonSet("kube-system", "calico-node", {"k8s-app": "calico-node"}, 2, 2, 1)
    pod = system_pod("calico-node-1", labels={"k8s-app": "calico-node", "x": "y"})
    given = replace(with_pods(facts, pod), workloads=Reading(Workloads((), (agent,))))
    judge(given, Policy(), facts.nodes[0])
    with pytest.raises(AssertionError, match=r"calico-node has no ready pod on node node2 \(none at all\)"):
        judge(given, Policy(), facts.nodes[1])
    with pytest.raises(NotApplicable):
        judge(replace(given, workloads=Reading(Workloads((), ()))), Policy(), facts.nodes[0])


def test_workloads_are_read_in_the_namespaces_of_policy(server, api):
    item = {
        "metadata": {"namespace": "kube-system", "name": "cilium"},
        "spec": {"selector": {"matchLabels": {"k8s-app": "cilium"}}},
        "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 2},
    }
    server.pages = {
        f"/apis/apps/v1/namespaces/{namespace}/{kind}": (200, {"items": []})
        for namespace in ("kube-system", "other")
        for kind in ("deployments", "daemonsets")
    }
    server.pages["/apis/apps/v1/namespaces/kube-system/daemonsets"] = (200, {"items": [item]})
    found = read_workloads(api, ("kube-system", "other"))
    assert found == Workloads((), (DaemonSet("kube-system", "cilium", {"k8s-app": "cilium"}, 3, 3, 2),))


def test_webhooks_with_nobody_behind_them(server, api, checks, facts):
    def hook(name, service, policy):
        client = {"service": {"namespace": "default", "name": service}} if service else {"url": "https://x"}
        return {"name": name, "clientConfig": client, "failurePolicy": policy}

    hooks = [
        hook("d", "", "Fail"),
        hook("a", "gone", "Fail"),
        hook("b", "gone", "Ignore"),
        hook("c", "there", "Fail"),
    ]
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    server.pages = {
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": (
            200,
            {"items": [{"metadata": {"name": "v"}, "webhooks": hooks}]},
        ),
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": (200, {"items": []}),
        slices: (200, {"items": [{"endpoints": [{"addresses": ["10.0.0.1"]}]}]}),
        "/api/v1/namespaces/default/services/there": (
            200,
            {"metadata": {"namespace": "default", "name": "there"}},
        ),
    }
    found = read_webhooks(api)
    assert [(each.index, each.name, each.required, each.endpoints) for each in found] == [
        (1, "a", True, None), (2, "b", False, None), (3, "c", True, 1),
    ]  # fmt: skip
    judge = checks("controlplane", "test_webhooks").test_webhooks_have_endpoints
    with pytest.raises(AssertionError, match="webhook a: Service default/gone does not exist"):
        judge(replace(facts, webhooks=Reading(found)))
    judge(replace(facts, webhooks=Reading(found[2:])))
    with pytest.raises(AssertionError, match="no ready endpoint"):
        judge(replace(facts, webhooks=Reading((Webhook("v", "e", "default/there", True, 0),))))
    with pytest.raises(TargetsFailed) as two:
        judge(replace(facts, webhooks=Reading(found)))
    assert list(two.value.failed) == ["validatingwebhookconfiguration/v a"]
    with pytest.raises(NotApplicable):
        judge(replace(facts, webhooks=Reading(found[1:2])))


def test_aggregated_apis(server, api, checks, facts):
    def item(name, service, *conditions):
        spec = {"service": {"namespace": "kube-system", "name": service}} if service else {}
        return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": list(conditions)}}

    no = {"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "no addresses"}
    server.pages = {
        "/apis/apiregistration.k8s.io/v1/apiservices": (
            200,
            {
                "items": [
                    item("v1.apps", ""),
                    item("v1beta1.metrics.k8s.io", "metrics-server", no),
                    item("v1.new", "new"),
                ]
            },
        )
    }
    listed = list_api_services(api)
    found = api_services_in(listed)
    assert [each.available.status for each in found] == ["False", "Unknown"]
    assert metrics_api_in(listed) == found[0].available
    with pytest.raises(ApiError, match="no such APIService"):
        metrics_api_in(listed[:1])
    judge = checks("addons", "test_aggregated_apis").test_aggregated_apis_available
    with pytest.raises(
        AssertionError,
        match=r"v1beta1\.metrics\.k8s\.io, served by kube-system/metrics-server.*MissingEndpoints",
    ):
        judge(replace(facts, api_services=Reading(found[:1])))
    with pytest.raises(TargetsFailed) as two:
        judge(replace(facts, api_services=Reading(found)))
    assert list(two.value.failed) == ["v1beta1.metrics.k8s.io", "v1.new"]
    judge(replace(facts, api_services=Reading((ApiService("a", "b/c", Condition("Available", "True")),))))
    with pytest.raises(NotApplicable):
        judge(replace(facts, api_services=Reading(())))


def test_metrics_that_stand_still(checks, facts):
    judge = checks("addons", "test_metrics_server").test_node_metrics_fresh
    rows = {"node1": Usage(0.1, 1e9, "2026-11-24T11:59:30Z"), "node2": Usage(0.1, 1e9, LONG_AGO)}
    given = replace(
        facts,
        clock=Reading(NOW),
        metrics_api=Reading(Condition("Available", "True")),
        node_usage=Reading(rows),
    )
    judge(given, Policy(), facts.nodes[0])
    with pytest.raises(AssertionError, match="14400 s old"):
        judge(given, Policy(), facts.nodes[1])
    with pytest.raises(CannotTell, match="no row"):
        judge(replace(given, node_usage=Reading({})), Policy(), facts.nodes[0])


def started(seconds_ago):
    moment = datetime.fromisoformat(NOW).timestamp() - seconds_ago
    return {"node1": Reading(Kubelet(None, {}, moment))}


def with_one_row_of_two(facts, **changes):
    """Two pods that have run for long, the second without a row in kubectl top."""
    pods = (
        system_pod("a", started=LONG_AGO, ready_since=LONG_AGO),
        system_pod("b", started=LONG_AGO, **changes),
    )
    return replace(
        with_pods(facts, *pods),
        metrics_api=Reading(Condition("Available", "True")),
        pod_usage=Reading({"kube-system/a": Usage(0.1, 1e6, "2026-11-24T11:59:50Z")}),
        node_usage=Reading({"node1": Usage(0.1, 1e9, "2026-11-24T11:59:50Z")}),
    )


def test_a_pod_without_a_row_is_missed(checks, facts):
    metrics = checks("addons", "test_metrics_server")
    given = with_one_row_of_two(facts)
    with pytest.raises(AssertionError, match="1 of 2 running pods have no row: kube-system/b"):
        metrics.test_pods_have_metrics(given, Policy())
    # A container that was restarted a minute ago has not been read twice yet.
    metrics.test_pods_have_metrics(with_one_row_of_two(facts, ended="2026-11-24T11:59:00Z"), Policy())


def test_rows_of_a_kubelet_that_has_just_started_cannot_be_told(checks, facts):
    metrics = checks("addons", "test_metrics_server")
    fresh = replace(with_one_row_of_two(facts), kubelets=started(20))
    said = "the kubelet of node1 started 20 s ago"
    with pytest.raises(CannotTell, match=f"kube-system/b without a row: {said}"):
        metrics.test_pods_have_metrics(fresh, Policy())
    settled = replace(fresh, kubelets=started(121))
    with pytest.raises(AssertionError, match="1 of 2"):
        metrics.test_pods_have_metrics(settled, Policy())
    # Where the node itself has no row, metrics-server does not reach it.
    with pytest.raises(AssertionError, match="1 of 2"):
        metrics.test_pods_have_metrics(replace(fresh, node_usage=Reading({})), Policy())
    # The kubelet of another node excuses nothing.
    other = replace(fresh, kubelets={"node2": fresh.kubelets["node1"]})
    with pytest.raises(AssertionError, match="1 of 2"):
        metrics.test_pods_have_metrics(other, Policy())
