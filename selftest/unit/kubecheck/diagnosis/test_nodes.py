"""Causes in kubelets, runtimes, images, clocks and what else is found on nodes."""

from dataclasses import replace

import pytest

from kubecheck.cluster.controlplane import ApiServer, ControlPlane
from kubecheck.cluster.leases import Lease, Leases
from kubecheck.cluster.objects import Condition, Kubelet, Pod
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.diagnosis.causes.clock_skew import clock_skew
from kubecheck.diagnosis.causes.cni_broken import cni_broken
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained, unknown

NODES = ("node1", "node2")
OF_NODE2 = "the kubelet of node2"
DRIFTS = f"{OF_NODE2} differs from others: maxPods is 50, on x"
BACKOFF = 'ImagePullBackOff: Back-off pulling image "registry.example/team/nginx:1.29"'


def kubelets(**drivers):
    return {name: Reading(Kubelet(None, {"cgroupDriver": driver})) for name, driver in drivers.items()}


class TestImages:
    @pytest.mark.parametrize("node", NODES)
    def test_one_node_does_not_get_it(self, facts, node):
        standing = replace(make_standing(NODES), peer_problem=f"2 of 3 replicas are ready ({BACKOFF})")
        made = evidence(
            [
                failed(
                    "network.probe_pod_runs", f"pod:{node}", f"pod x on node {node} does not run: {BACKOFF}"
                ),
                failed("network.deployment_becomes_ready", "fleet", f"Deployment x/peer: 2 of 3 ({BACKOFF})"),
                unknown("dns.pod_resolves_kubernetes", f"pod:{node}", f"does not run: {BACKOFF}"),
            ],
            facts,
            standing=standing,
        )
        assert causes(made) == [("image-not-pulled", (f"Node/{node}",))]
        assert not unexplained(made)

    def test_one_node_waits_for_it(self, facts):
        said = 'StillPulling: Pulling image "registry.example/nginx:1" since 12:00, and it has not come'
        made = evidence([failed("network.probe_pod_runs", "pod:node1", said)], facts)
        assert causes(made) == [("image-not-pulled", ("Node/node1",))]

    def test_no_node_gets_it(self, facts):
        results = [failed("network.probe_pod_runs", f"pod:{node}", f"x: {BACKOFF}") for node in NODES]
        assert causes(evidence(results, facts)) == [
            ("image-not-pulled", ("Image/registry.example/team/nginx:1.29",))
        ]

    def test_another_reason_is_another_cause(self, facts):
        made = evidence([failed("network.probe_pod_runs", "pod:node1", "it is Pending: 0/2 nodes")], facts)
        assert "image-not-pulled" not in dict(causes(made))


FOREIGN = "ErrImagePull: image docker.io/library/busybox:1.37: no match for platform in manifest: not found"
CRASHES = "Error: image docker.io/library/busybox:1.37: exec /bin/sh: exec format error"


class TestArchitectures:
    def run(self, facts, *, arm, told, run=()):
        nodes = tuple(replace(n, architecture="arm64") if n.name in arm else n for n in facts.nodes)
        results = [
            failed("network.probe_pod_runs", f"pod:{node}", f"x: {said}") for node, said in told.items()
        ]
        results += [
            unknown("dns.pod_resolves_kubernetes", f"pod:{node}", f"x: {told[node]}") for node in told
        ]
        results += [passed("network.probe_pod_runs", f"pod:{node}") for node in run]
        return evidence(results, replace(facts, nodes=nodes), standing=make_standing(NODES))

    @pytest.mark.parametrize("told", [FOREIGN, CRASHES])
    def test_the_image_is_blamed_and_not_the_node(self, facts, told):
        made = self.run(facts, arm=("node2",), told={"node2": told}, run=("node1",))
        assert causes(made) == [
            ("image-other-architecture", ("Image/docker.io/library/busybox:1.37",)),
        ]
        assert not unexplained(made)
        [found] = diagnose(made, all_kinds()).causes
        for part in ("node node2", "arm64", "docker.io/library/busybox:1.37"):
            assert part in found.finding.says
        assert "images.busybox" in found.remedy[0]

    def test_many_nodes_are_one_cause(self, facts):
        made = self.run(facts, arm=NODES, told=dict.fromkeys(NODES, FOREIGN))
        [found] = diagnose(made, all_kinds()).causes
        assert found.finding.says.endswith("the architecture of nodes node1, node2")

    def test_where_others_of_the_architecture_run_it_the_node_is_blamed(self, facts):
        made = self.run(facts, arm=NODES, told={"node2": CRASHES}, run=("node1",))
        assert causes(made) == [("image-other-architecture", ("Node/node2",))]
        assert "crictl rmi" in diagnose(made, all_kinds()).causes[0].remedy[1]

    def test_a_pull_that_fails_otherwise_is_another_cause(self, facts):
        made = self.run(facts, arm=("node2",), told={"node2": FOREIGN, "node1": BACKOFF})
        assert sorted(causes(made)) == [
            ("image-not-pulled", ("Node/node1",)),
            ("image-other-architecture", ("Image/docker.io/library/busybox:1.37",)),
        ]


class TestCgroupDriver:
    @pytest.mark.parametrize("node", NODES)
    def test_new_pods_hang(self, facts, node):
        runc = (
            'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/kubepods/x"'
        )
        made = evidence(
            [
                failed("network.probe_pod_runs", f"pod:{node}", f"FailedCreatePodSandBox: runc: {runc}"),
                failed("network.probe_pod_runs", f"node:{node}", f"FailedCreatePodSandBox: runc: {runc}"),
                unknown("network.pod_to_pod", f"pod:{node}"),
            ],
            facts,
            kubelets=kubelets(node1="cgroupfs", node2="cgroupfs"),
        )
        assert causes(made) == [("cgroup-driver", (f"Node/{node}",))]
        assert not unexplained(made)
        assert not list(cni_broken.find(made))

    def test_told_from_the_nodes_files(self, facts):
        made = evidence(
            [
                failed("nodes.cgroup_driver", "node:node2", "the kubelet uses systemd, containerd cgroupfs"),
                failed(
                    "nodes.kubelet_drift",
                    "api:node2",
                    'the kubelet of node2 differs: cgroupDriver is "systemd"',
                ),
            ],
            facts,
            kubelets=kubelets(node1="cgroupfs", node2="systemd"),
        )
        assert causes(made) == [("cgroup-driver", ("Node/node2",))]


def test_a_replica_that_hangs_for_the_cni_is_its_consequence(facts):
    said = "FailedCreatePodSandBox: plugin type=bridge failed (add): no CNI"
    standing = replace(
        make_standing(NODES), peer_problem=f"2 of 3 replicas are ready (on node node2: {said})"
    )
    made = evidence(
        [
            failed("network.probe_pod_runs", "pod:node2", said),
            failed("network.deployment_becomes_ready", "fleet", standing.peer_problem),
        ],
        facts,
        standing=standing,
    )
    assert causes(made) == [("cni-broken", ("Node/node2",))]
    assert not unexplained(made)


class TestDrift:
    def test_nodes_where_the_same_differs_are_one_cause(self, facts):
        said = "the kubelet of {} differs from others of v1.36.4: maxPods is {}, on 4 others 110"
        drifting = [failed("nodes.kubelet_drift", f"api:{n}", said.format(n, n[-1])) for n in NODES]
        assert causes(evidence(drifting, facts)) == [
            ("kubelet-drift", tuple(f"Node/{name}" for name in NODES))
        ]

    def test_nodes_where_something_else_differs_are_causes_of_their_own(self, facts):
        said = "the kubelet of {} differs from others of v1.36.4: {} is 50, on 4 others 110"
        drifting = [
            failed("nodes.kubelet_drift", f"api:{n}", said.format(n, field))
            for n, field in zip(NODES, ("maxPods", "podPidsLimit"), strict=True)
        ]
        assert sorted(causes(evidence(drifting, facts))) == [
            ("kubelet-drift", (f"Node/{name}",)) for name in NODES
        ]

    def test_a_promise_broken_by_the_same_field_is_the_same_cause(self, facts):
        made = evidence(
            [
                failed("nodes.kubelet_drift", "api:node2", DRIFTS),
                failed(
                    "nodes.kubelet_configuration", "api:node2", f"{OF_NODE2}: maxPods is 50, expected is 110"
                ),
            ],
            facts,
        )
        assert causes(made) == [("kubelet-drift", ("Node/node2",))]

    def test_a_promise_broken_by_another_field_is_another_cause(self, facts):
        made = evidence(
            [
                failed("nodes.kubelet_drift", "api:node2", DRIFTS),
                failed(
                    "nodes.kubelet_configuration",
                    "api:node2",
                    f"{OF_NODE2}: podPidsLimit is 5, expected is 9",
                ),
            ],
            facts,
        )
        assert sorted(name for name, _ in causes(made)) == ["kubelet-configuration", "kubelet-drift"]

    def test_a_promise_that_no_node_keeps_is_one_cause(self, facts):
        said = "the kubelet of {}: maxPods is 50, expected is 110"
        made = evidence(
            [failed("nodes.kubelet_configuration", f"api:{n}", said.format(n)) for n in NODES], facts
        )
        assert causes(made) == [("kubelet-configuration", ("Node/node1", "Node/node2"))]


class TestClocks:
    @pytest.mark.parametrize("node", NODES)
    def test_a_nodes(self, facts, node):
        made = evidence(
            [
                failed("nodes.clocks_agree", "fleet", f"the clock of {node} is 90.0 s behind", [node]),
                failed("controlplane.node_lease_fresh", f"api:{node}", "was renewed 92 s ago"),
                failed("controlplane.leaders_at_work", message="90 s ago", targets=["kube-scheduler"]),
            ],
            facts,
            leases=Leases(
                "2026-01-01T00:10:00Z",
                {"kube-scheduler": Lease("kube-scheduler", f"{node}_abc", 15, "2026-01-01T00:08:30Z")},
                {node: Lease(node, node, 40, "2026-01-01T00:08:28Z")},
            ),
        )
        assert causes(made) == [("clock-skew", (f"Node/{node}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize(
        ("said", "holder", "renewed", "expected"),
        [
            ("90.0 s behind", "node1_abc", "00:08:30", {"clock-skew"}),
            ("90.0 s ahead", "node1_abc", "00:08:30", {"clock-skew", "leader-missing"}),
            ("3.0 s behind", "node1_abc", "00:08:30", {"clock-skew", "leader-missing"}),
            ("90.0 s behind", "node1_abc", "00:06:00", {"clock-skew", "leader-missing"}),
            ("90.0 s behind", "node10_abc", "00:08:30", {"clock-skew", "leader-missing"}),
        ],
    )
    def test_it_explains_what_only_looks_old(self, facts, said, holder, renewed, expected):
        lease = Lease("kube-scheduler", holder, 15, f"2026-01-01T{renewed}Z")
        made = evidence(
            [
                failed("nodes.clocks_agree", "fleet", f"the clock of node1 is {said} that of x", ["node1"]),
                failed("controlplane.leaders_at_work", message="x", targets=["kube-scheduler"]),
            ],
            facts,
            leases=Leases("2026-01-01T00:10:00Z", {"kube-scheduler": lease}, {}),
        )
        assert {name for name, _ in causes(made)} == expected
        assert not unexplained(made)

    @pytest.mark.parametrize(
        ("skew", "expected"),
        [("3.0", {"clock-skew", "client-certificate-ending"}), ("2592000.0", {"clock-skew"})],
    )
    def test_it_explains_a_certificate_that_ends_by_this_clock_only(self, facts, skew, expected):
        made = evidence(
            [
                failed("nodes.clocks_agree", "fleet", f"the clock of node1 is {skew} s ahead", ["node1"]),
                failed("certs.kubelet_client_certificate", "api:node1", "2.0 more days, expected are 30"),
            ],
            facts,
            kubelets={"node1": Reading(Kubelet(2 * 86400, {"rotateCertificates": True}))},
        )
        assert {name for name, _ in causes(made)} == expected
        assert not unexplained(made)

    @pytest.mark.parametrize(("renewed", "left"), [("00:08:30", 0), ("00:06:30", 2)])
    def test_by_the_clock_of_the_api_server_everything_looks_old(self, facts, renewed, left):
        renewed = f"2026-01-01T{renewed}Z"
        alive = Lease("apiserver-x", "x", 3600, renewed, "kube-apiserver", "node2")
        made = evidence(
            [
                failed("nodes.clocks_agree", "fleet", "the clock is 90.0 s ahead", ["the API server"]),
                failed("controlplane.node_lease_fresh", "api:node2"),
                failed("controlplane.api_servers_are_alive", message="the API server on node2"),
                failed("addons.node_metrics_fresh", "api:node1"),
            ],
            facts,
            clock="2026-01-01T00:03:00Z",
            leases=Leases(
                "2026-01-01T00:10:00Z", {"apiserver-x": alive}, {"node2": Lease("node2", "x", 40, renewed)}
            ),
        )
        [found] = clock_skew.find(made)
        assert len(made.symptoms) - len(found.explains) == left

    def test_the_only_api_servers(self, facts):
        ready = Reading(())
        only = ControlPlane((ApiServer("192.168.232.1", 6443, "node1", ready, Reading("v1.36.4")),), ready)
        made = evidence(
            [failed("nodes.clocks_agree", "fleet", "the clock of the API server", ["the API server"])],
            facts,
            control_plane=only,
        )
        assert causes(made) == [("clock-skew", ("Node/node1",))]


def test_a_specific_cause_stands_for_the_general_ones(facts):
    refused = Reading(problem="dial tcp 192.168.232.1:10250: connect: connection refused")
    down = replace(facts.nodes[1], conditions=(Condition("Ready", "Unknown", "x", "stopped posting"),))
    pod = Pod("kube-system", "coredns-abc-def", "node2", "Running", False, "10.0.0.1", False,
              {"pod-template-hash": "abc"})  # fmt: skip
    made = evidence(
        [
            failed("nodes.node_ready", "api:node2", "node node2 is Ready=Unknown"),
            failed("controlplane.system_pods_ready", message="x", targets=["kube-system/coredns-abc-def"]),
            failed(
                "controlplane.no_rollout_is_stuck", message="x", targets=["Deployment kube-system/coredns"]
            ),
            passed("network.pod_to_pod", "pod:node1", [Target("node1", Outcome.PASSED)]),
        ],
        facts,
        nodes=(facts.nodes[0], down),
        kubelets={"node2": refused},
        pods=(pod,),
    )
    assert causes(made) == [("kubelet-down", ("Node/node2",))]
