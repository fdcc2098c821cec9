"""The peer Deployment: where its replicas may stand."""

from dataclasses import replace

import pytest

from kubecheck.fleet.manifests import peer_deployment
from kubecheck.policy import Policy


def placed(nodes):
    """The pod spec of a replica, in a cluster of these nodes."""
    return peer_deployment("r1", nodes, Policy())["spec"]["template"]["spec"]


def tainted(facts, *taints):
    """A cluster whose nodes each have one of these taints."""
    (node, *_) = facts.nodes
    return tuple(replace(node, taints=(taint,)) for taint in taints)


def test_replicas_go_to_tainted_nodes_and_not_to_those_that_are_away(facts):
    one, other = facts.nodes
    nodes = (
        replace(one, taints=("dedicated=db:NoSchedule", "node.kubernetes.io/unreachable=:NoExecute")),
        replace(other, taints=("node.kubernetes.io/not-ready=:NoSchedule",)),
    )
    assert placed(nodes)["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]


def test_replicas_go_to_control_planes_where_there_is_nothing_else(facts):
    nodes = tainted(facts, "node-role.kubernetes.io/control-plane=:NoSchedule")
    assert placed(nodes)["tolerations"] == [
        {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}
    ]


@pytest.mark.parametrize(
    "taint",
    [
        "node.kubernetes.io/unschedulable=:NoSchedule",
        "node.kubernetes.io/disk-pressure=:NoSchedule",
        "node.kubernetes.io/memory-pressure=:NoSchedule",
        "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
        "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule",
        "ToBeDeletedByClusterAutoscaler=1790000000:NoSchedule",
        "karpenter.sh/disrupted=:NoSchedule",
        "virtual-kubelet.io/provider=azure:NoSchedule",
    ],
)
def test_replicas_do_not_go_where_no_new_pod_should(facts, taint):
    assert placed(tainted(facts, taint, "dedicated=db:NoSchedule"))["tolerations"] == [
        {"key": "dedicated", "operator": "Exists"}
    ]


def test_replicas_go_to_nodes_of_the_kind_that_is_probed(facts_of):
    facts = facts_of(("node1",), windows=("windows1",))
    (linux, windows) = facts.nodes
    nodes = (linux, replace(windows, taints=("os=windows:NoSchedule",)))
    spec = placed(nodes)
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert spec["tolerations"] == []
