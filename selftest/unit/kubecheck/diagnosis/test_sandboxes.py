"""Pods whose sandboxes do not come about: the CNI, an image, or a full disk."""

from dataclasses import replace

import pytest

from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Condition, Pod
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.diagnosis.cause import Confidence
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, unexplained, unknown

SANDBOX = "FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = "
PAUSE = (
    f'{SANDBOX}failed to get sandbox image "registry.k8s.io/pause:3.8": failed to pull image'
    ' "registry.k8s.io/pause:3.8": dial tcp 192.0.2.9:443: i/o timeout'
)
FULL = f"{SANDBOX}failed to create shim task: mkdir /run/containerd/x: no space left on device"
PLUGIN = f'{SANDBOX}failed to setup network for sandbox "0": plugin type="host-local" failed (add):'
FULL_FOR_PLUGIN = f"{PLUGIN} open /var/lib/cni/networks/x: no space left on device"
FULL_FOR_IMAGE = "ErrImagePull: failed to pull and unpack image x: write /y: no space left on device"


def hangs(node, said, *networks):
    return [
        failed("network.probe_pod_runs", f"{network}:{node}", f"pod x on node {node} does not run: {said}")
        for network in networks
    ]


@pytest.mark.parametrize(
    "said",
    [
        f"{PLUGIN} no IP addresses available",
        f'{SANDBOX}failed to set up sandbox container "0" network for pod "x": networkPlugin cni failed',
        f'{SANDBOX}failed to create pod network sandbox k8s_x: error adding pod to CNI network "cbr0": no',
        f"{SANDBOX}cni plugin not initialized",
    ],
)
@pytest.mark.parametrize("node", ["node1", "node2"])
def test_a_cni_that_fails(facts, said, node):
    made = evidence(
        [*hangs(node, said, "pod"), unknown("network.pod_to_pod", f"pod:{node}", "does not run")], facts
    )
    assert causes(made) == [("cni-broken", (f"Node/{node}",))]
    assert not unexplained(made)


@pytest.mark.parametrize(
    ("said", "confidence", "step"),
    [
        (
            f"{PLUGIN} no IP addresses available in range set: 10.1.3.1-10.1.3.254",
            Confidence.CERTAIN,
            "ls /var/lib/cni/networks",
        ),
        (
            f"{PLUGIN} error getting ClusterInformation: connection is unauthorized: Unauthorized",
            Confidence.LIKELY,
            "credentials",
        ),
        (
            f'{PLUGIN} error getting ClusterInformation: Get "https://10.96.0.1:443/apis/x": i/o timeout',
            Confidence.LIKELY,
            "credentials",
        ),
        (f"{SANDBOX}cni plugin not initialized", Confidence.CERTAIN, "put back what is missing"),
    ],
)
def test_a_cni_that_fails_is_mended_by_what_it_says(facts, said, confidence, step):
    [found] = diagnose(evidence(hangs("node2", said, "pod"), facts), all_kinds()).causes
    assert (found.kind.id, found.finding.confidence) == ("cni-broken", confidence)
    assert step in found.remedy[0]
    assert "node2" in found.remedy[0]


@pytest.mark.parametrize("node", ["node1", "node2"])
def test_an_image_that_every_sandbox_needs(facts, node):
    waits = Pod("kube-system", "proxy-a", node, "Pending", False, "", True, waiting="ContainerCreating")
    made = evidence(
        [
            *hangs(node, PAUSE, "pod", "node"),
            failed("controlplane.system_pods_ready", message="x", targets=["kube-system/proxy-a"]),
        ],
        facts,
        pods=(waits,),
    )
    assert causes(made) == [("image-not-pulled", (f"Node/{node}",))]
    assert not unexplained(made)
    assert "registry.k8s.io/pause:3.8" in diagnose(made, all_kinds()).causes[0].finding.says


@pytest.mark.parametrize("said", [FULL, FULL_FOR_PLUGIN, FULL_FOR_IMAGE])
@pytest.mark.parametrize("reported", [True, False])
def test_a_full_disk(facts, said, reported):
    results = hangs("node2", said, "pod", "node")
    if reported:
        full = (*facts.nodes[1].conditions, Condition("DiskPressure", "True", "x"))
        facts = replace(facts, nodes=(facts.nodes[0], replace(facts.nodes[1], conditions=full)))
        results.append(failed("nodes.node_without_pressure", "api:node2", "node node2: DiskPressure=True"))
    made = evidence(results, facts)
    assert causes(made) == [("node-pressure", ("Node/node2",))]
    assert not unexplained(made)
    [found] = diagnose(made, all_kinds()).causes
    assert len([step for step in found.remedy if "df -h" in step]) == 1


def test_what_nobody_knows_is_not_laid_at_the_cni(facts):
    made = evidence(hangs("node2", f"{SANDBOX}runtime handler kata not configured", "pod"), facts)
    assert causes(made) == []


def test_a_node_without_a_network_and_one_that_is_short_of_disk(facts):
    lost = failed("nodes.node_without_pressure", "api:node1", "node node1: NetworkUnavailable=True")
    full = failed("nodes.node_without_pressure", "api:node2", "node node2: DiskPressure=True")
    hanging = [*hangs("node1", f"{PLUGIN} x", "pod"), *hangs("node2", f"{PLUGIN} x", "pod")]
    made = evidence([lost, full, *hanging], facts)
    assert causes(made) == [("cni-broken", ("Node/node1", "Node/node2")), ("node-pressure", ("Node/node2",))]


def test_a_node_that_says_so_itself_without_any_probe_pod(facts):
    said = "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error"
    made = evidence([failed("nodes.node_ready", "api:node1", f"node node1 is Ready=False: {said}")], facts)
    assert causes(made) == [("cni-broken", ("Node/node1",))]


def test_a_broken_cni_does_not_hide_a_dns_server_that_runs_on(facts):
    setup = DnsSetup((DnsServer("10.244.0.7", "coredns-a", "node1", 53, 53),), Reading(()))
    target = Target("coredns-a on node1 over UDP", Outcome.FAILED, "dns", "10.244.0.7", "SERVFAIL")
    made = evidence(
        [
            *hangs("node1", f"{PLUGIN} x", "pod"),
            failed("dns.each_replica_answers", "pod:node2", "one fails", [target]),
        ],
        facts,
        dns_setup=setup,
    )
    assert sorted(name for name, _ in causes(made)) == ["cni-broken", "dns-replica-broken"]
