import pytest

from kubecheck.cluster import parse
from kubecheck.cluster.objects import Condition, ServicePort
from kubecheck.outcomes import CannotTell

NODE = {
    "metadata": {"name": "node1"},
    "spec": {
        "podCIDRs": ["10.244.1.0/24"],
        "unschedulable": True,
        "taints": [{"key": "a/b", "effect": "NoSchedule"}, {"key": "c", "value": "d", "effect": "NoExecute"}],
    },
    "status": {
        "addresses": [
            {"type": "Hostname", "address": "node1"},
            {"type": "InternalIP", "address": "192.168.232.128"},
            {"type": "InternalIP", "address": "fd00::1"},
        ],
        "capacity": {"cpu": "2", "memory": "3871820Ki"},
        "conditions": [
            {"type": "MemoryPressure", "status": "False"},
            {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": "2026-01-01"},
        ],
        "nodeInfo": {
            "kubeletVersion": "v1.36.4", "containerRuntimeVersion": "containerd://1.6.20",
            "operatingSystem": "linux", "architecture": "amd64",
        },
    },
}  # fmt: skip

POD = {
    "metadata": {
        "namespace": "kube-system", "name": "coredns-1", "labels": {"k8s-app": "kube-dns"},
        "deletionTimestamp": "2026-01-02", "finalizers": ["a/b"],
    },
    "spec": {"nodeName": "node1", "hostNetwork": True, "priority": 2000000000},
    "status": {
        "phase": "Running", "podIP": "10.244.1.2", "startTime": "2026-01-01",
        "podIPs": [{"ip": "10.244.1.2"}, {"ip": "fd00:1::2"}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {"restartCount": 2, "state": {"running": {}}},
            {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
            {"restartCount": 0, "state": {"waiting": {}}},
        ],
    },
}  # fmt: skip


def test_a_node_is_read():
    node = parse.node(NODE)
    assert node.ready
    assert node.probed
    assert node.unschedulable
    assert node.address == "192.168.232.128"
    assert node.addresses == ("192.168.232.128", "fd00::1")
    assert node.taints == ("a/b=:NoSchedule", "c=d:NoExecute")
    assert node.pod_cidrs == ("10.244.1.0/24",)
    assert (node.cpu, node.memory) == (2.0, 3871820 * 1024)
    assert node.ready_condition == Condition("Ready", "True", "KubeletReady", "", "2026-01-01")


@pytest.mark.parametrize("status", [{}, {"conditions": None, "addresses": None}, {"conditions": []}])
def test_a_node_that_never_reported_is_not_ready_and_has_no_address(status):
    node = parse.node({"metadata": {"name": "new"}, "status": status})
    assert not node.ready
    assert node.ready_condition.status == "Unknown"
    assert "never reported" in node.ready_condition.message
    assert (node.cpu, node.memory) == (0.0, 0.0)
    with pytest.raises(CannotTell, match="node new has no InternalIP"):
        _ = node.address


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_a_node_is_ready_only_when_it_says_so(status):
    assert not parse.node(NODE | {"status": {"conditions": [{"type": "Ready", "status": status}]}}).ready


def test_windows_nodes_are_not_probed():
    item = NODE | {"status": {"nodeInfo": {"operatingSystem": "windows"}}}
    assert not parse.node(item).probed


def test_a_pod_is_read():
    pod = parse.pod(POD)
    assert pod.full_name == "kube-system/coredns-1"
    assert pod.addresses == ("10.244.1.2", "fd00:1::2")
    assert (pod.node, pod.phase, pod.address, pod.ready) == ("node1", "Running", "10.244.1.2", True)
    assert pod.host_network
    assert pod.labels == {"k8s-app": "kube-dns"}
    assert pod.restarts == 5
    assert pod.waiting == "CrashLoopBackOff"
    assert (pod.started, pod.deleted, pod.finalizers) == ("2026-01-01", "2026-01-02", ("a/b",))
    assert pod.priority == 2000000000


def test_a_pod_that_was_only_just_accepted_is_read():
    pod = parse.pod({"metadata": {"namespace": "a", "name": "b", "labels": None}, "spec": {}, "status": {}})
    assert (pod.node, pod.phase, pod.address, pod.waiting) == ("", "", "", "")
    assert not pod.ready
    assert not pod.host_network
    assert (pod.restarts, pod.priority) == (0, 0)
    assert pod.labels == {}


SERVICE = {
    "metadata": {"namespace": "kube-system", "name": "kube-dns"},
    "spec": {
        "clusterIPs": ["10.96.0.10"],
        "selector": {"k8s-app": "kube-dns"},
        "ports": [
            {"name": "dns", "protocol": "UDP", "port": 53},
            {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": 30053},
            {"port": 9153},
        ],
    },
}


def test_a_service_is_read_with_its_ready_endpoints():
    slices = [
        {"endpoints": [
            {"addresses": ["10.244.1.2"], "conditions": {"ready": True}},
            {"addresses": ["10.244.1.3"], "conditions": {"ready": False}},
            {"addresses": ["10.244.1.4"], "conditions": {"ready": None}},
            {"addresses": ["10.244.1.5"]},
        ]},
        {"endpoints": None},
        {"endpoints": [{"addresses": ["10.244.1.2", "10.244.0.9"]}]},
    ]  # fmt: skip
    service = parse.service(SERVICE, slices)
    assert service.full_name == "kube-system/kube-dns"
    assert service.ip == "10.96.0.10"
    # An endpoint of unknown readiness counts as ready: the EndpointSlice API says so.
    assert service.endpoints == ("10.244.0.9", "10.244.1.2", "10.244.1.4", "10.244.1.5")
    assert service.ports == (
        ServicePort("dns", "UDP", 53),
        ServicePort("dns-tcp", "TCP", 53, 30053),
        ServicePort("", "TCP", 9153),
    )


def test_a_service_of_an_old_server_has_one_cluster_ip():
    assert parse.service(SERVICE | {"spec": {"clusterIP": "10.96.0.1"}}, []).ip == "10.96.0.1"


@pytest.mark.parametrize("spec", [{"clusterIPs": ["None"]}, {"clusterIP": "None"}, {"type": "ExternalName"}])
def test_a_service_without_a_cluster_ip_cannot_be_asked(spec):
    service = parse.service(SERVICE | {"spec": spec}, [])
    with pytest.raises(CannotTell, match="kube-system/kube-dns has no ClusterIP"):
        _ = service.ip


def test_a_deployment_is_read_and_one_replica_is_the_default():
    metadata = {"namespace": "kube-system", "name": "coredns"}
    status = {
        "readyReplicas": 2,
        "updatedReplicas": 1,
        "conditions": [{"type": "Available", "status": "True"}],
    }
    full = parse.deployment({"metadata": metadata, "spec": {"replicas": 2}, "status": status})
    assert (full.wanted, full.ready, full.updated) == (2, 2, 1)
    assert full.conditions == (Condition("Available", "True"),)
    bare = parse.deployment({"metadata": metadata, "spec": {}})
    assert (bare.wanted, bare.ready, bare.updated) == (1, 0, 0)


def test_usage_of_nodes_and_of_pods_is_read():
    used = {"cpu": "155317522n", "memory": "1024Ki"}
    name, usage = parse.node_usage({"metadata": {"name": "node1"}, "timestamp": "t", "usage": used})
    assert name == "node1"
    assert usage.cpu == pytest.approx(0.155317522)
    assert (usage.memory, usage.sampled) == (1048576, "t")
    item = {"metadata": {"namespace": "a", "name": "b"}, "containers": [{"usage": used}, {"usage": used}]}
    name, usage = parse.pod_usage(item)
    assert name == "a/b"
    assert usage.memory == 2 * 1048576


PAGE = """\
# HELP kubelet_x Something.
# TYPE kubelet_x gauge
kubelet_x_more 1
kubelet_x 3.1536e+09
kubelet_labelled{node="a"} 5
kubelet_empty{} 7 1395066363000
kubelet_infinite +Inf
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [("kubelet_x", 3.1536e9), ("kubelet_empty", 7), ("kubelet_infinite", None),
     ("kubelet_labelled", None), ("kubelet", None), ("kubelet.x", None), ("HELP", None)],
)  # fmt: skip
def test_a_metric_is_found_by_its_whole_name(name, value):
    assert parse.metric(PAGE, name) == value
