"""Causes that a check's own failure is sure of."""

from dataclasses import replace

import pytest

from kubecheck.cluster.objects import Condition
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, unexplained

NODES = ("node1", "node2")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (
            [failed("nodes.kubelet_version_skew", "api:node2", "node node2 runs kubelet v1.20.0")],
            ("kubelet-version-skew", ("Node/node2",)),
        ),
        (
            [failed("controlplane.node_has_pod_cidr", "api:node1", "node node1 has no podCIDR")],
            ("node-without-pod-cidr", ("Node/node1",)),
        ),
        (
            [
                failed(
                    "controlplane.pod_cidrs_are_apart",
                    message="10.244.0.0/24 of node1 and 10.244.0.0/24 of node2",
                )
            ],
            ("pod-cidrs-overlap", ("Node/node1", "Node/node2")),
        ),
        ([failed("controlplane.etcd_writes_fast", message="slow")], ("etcd-slow", ("Component/etcd",))),
        (
            [
                failed("nodes.kubelet_refuses_anonymous", "kubectl:node2", "200"),
                failed("nodes.kubelet_asks_for_credentials", "api:node2", "anonymous"),
                failed("nodes.read_only_port_closed", "node:node1", "x", ["node2"]),
            ],
            ("kubelet-anonymous", ("Node/node2",)),
        ),
        (
            [failed("nodes.etcd_own_disk", f"node:{node}", f"{node}: /dev/sda") for node in NODES],
            ("shared-disk", ("Node/node1", "Node/node2")),
        ),
        (
            [
                failed("controlplane.no_system_pod_crashes", message="x", targets=["kube-system/cni-abcde"]),
                failed(
                    "controlplane.no_rollout_is_stuck", message="x", targets=["DaemonSet kube-system/cni"]
                ),
            ],
            ("system-pod-crashing", ("Pod/kube-system/cni-abcde",)),
        ),
        (
            [
                failed(
                    "controlplane.no_rollout_is_stuck",
                    message="x",
                    targets=["Deployment kube-system/coredns"],
                )
            ],
            ("rollout-stuck", ("Deployment/kube-system/coredns",)),
        ),
        (
            [
                failed(
                    "nodes.no_pod_stuck_terminating",
                    message="1 pod is stuck Terminating:\ndefault/db-0 should have been gone"
                    " since 10:00 (9 minutes),"
                    " on node node1, which is Ready: kubectl -n default delete pod db-0 --force",
                )
            ],
            ("pod-stuck-terminating", ("Pod/default/db-0",)),
        ),
        (
            [
                failed("nodes.runtime_configuration", f"node:{node}", f"containerd on {node}: x")
                for node in NODES
            ],
            ("runtime-configuration", ("Node/node1", "Node/node2")),
        ),
        (
            [
                failed("certs.kubelet_refuses_weak_suites", "node:node1", "accepted"),
                failed("certs.kubelet_suites_configured", "api:node1", "lists none"),
            ],
            ("weak-cipher-suites", ("Node/node1",)),
        ),
        (
            [failed("controlplane.tokens_cleaned", message="bootstrap tokens are still there")],
            ("bootstrap-controllers", ("Flag/kube-controller-manager/--controllers",)),
        ),
        (
            [failed("addons.kube_proxy_mode", "node:node2", "mode iptables")],
            ("kube-proxy-mode", ("Node/node2",)),
        ),
        (
            [failed("certs.aggregation_authorities", message="no requestheader-client-ca-file")],
            ("aggregation-authorities", ("ConfigMap/kube-system/extension-apiserver-authentication",)),
        ),
    ],
)
def test_what_a_check_itself_is_sure_of(facts, results, expected):
    made = evidence(results, facts)
    assert causes(made) == [expected]
    assert not unexplained(made)


def test_pressure_brings_the_command_for_what_is_short(facts):
    pressed = replace(facts.nodes[0], conditions=(Condition("DiskPressure", "True", "full"),))
    made = evidence(
        [failed("nodes.node_without_pressure", "api:node1", "DiskPressure=True")],
        facts,
        nodes=(pressed, facts.nodes[1]),
    )
    assert causes(made) == [("node-pressure", ("Node/node1",))]


def test_the_most_frequent_version_is_the_right_one(facts):
    third = replace(facts.nodes[0], name="node3")
    odd = replace(facts.nodes[1], kubelet_version="v1.35.4")
    made = evidence(
        [failed("nodes.one_kubelet_version", message="kubelets run different versions")],
        facts,
        nodes=(facts.nodes[0], odd, third),
    )
    assert causes(made) == [("kubelet-version-skew", ("Node/node2",))]


@pytest.mark.parametrize(("version", "first"), [("v1.37.0", "upgrade all API servers"), ("v1.30.0", "drain")])
def test_a_node_follows_the_api_servers(facts, version, first):
    odd = replace(facts.nodes[1], kubelet_version=version)
    made = evidence(
        [failed("nodes.kubelet_version_skew", "api:node2", f"node node2 runs kubelet {version}")],
        facts,
        nodes=(facts.nodes[0], odd),
    )
    (found,) = diagnose(made, all_kinds()).causes
    assert first in found.remedy[0]
    assert any(f"put kubelet and kube-proxy {facts.server_version} in place" in text for text in found.remedy)


def the_one(results, facts):
    [found] = diagnose(evidence(results, facts), all_kinds()).causes
    return found


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("authorization.mode is AlwaysAllow, expected is Webhook", "asks nobody what callers may do"),
        (
            "authentication.anonymous.enabled is true; authorization.mode is AlwaysAllow",
            "lets in anybody",
        ),
        ("readOnlyPort is 10255, expected is 0", "lets in anybody"),
    ],
)
def test_a_kubelet_that_asks_who_calls_does_not_let_in_anybody(facts, wrong, said):
    result = failed("nodes.kubelet_asks_for_credentials", "api:node1", f"the kubelet of node1: {wrong}")
    assert the_one([result], facts).finding.says == f"the kubelet of node node1 {said}"


@pytest.mark.parametrize(
    ("file", "step", "other"),
    [
        ("client-ca-file", "manual-rotation", "front-proxy"),
        ("requestheader-client-ca-file", "front-proxy", "manual-rotation"),
    ],
)
def test_each_ca_for_extensions_is_mended_by_itself(facts, file, step, other):
    found = the_one([failed("certs.aggregation_authorities", message="CN=x ends", targets=[file])], facts)
    assert step in " ".join(found.remedy)
    assert other not in " ".join(found.remedy)


@pytest.mark.parametrize(
    ("what", "step"),
    [("Service CIDR 10.96.0.0/12", "--node-ip"), ("pod CIDR 10.1.0.0/24 of node2", "--cluster-cidr")],
)
def test_a_node_among_services_or_pods_is_moved_or_they_are(facts, what, step):
    said = f"10.96.3.7 of node node1 lies in {what}"
    found = the_one([failed("controlplane.node_addresses_are_apart", message=said)], facts)
    assert step in found.remedy[0]
