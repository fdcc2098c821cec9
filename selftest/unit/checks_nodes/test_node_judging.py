"""What the checks of nodes and kubelets pass, fail and do not apply to, on made-up facts."""

from dataclasses import replace

import pytest

from kubecheck.checks import NotApplicable, Policy, deviations, drift, same, same_size
from kubecheck.cluster.objects import Condition, Kubelet, Pod
from kubecheck.cluster.reading import Reading
from kubecheck.policy import load_policy
from kubecheck.probes import Raw
from selftest.unit.kubecheck.conftest import make_facts
from tests.nodes import test_kubelet_process as process
from tests.nodes import test_kubelets as kubelets
from tests.nodes import test_nodes as nodes
from tests.nodes import test_runtime as runtime
from tests.nodes import test_terminating as terminating

NAMES = ("node1", "node2", "node3")
DEFAULT = Policy()
RUNBOOK = load_policy("runbook")
CONFIG = {
    "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}},
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "systemd",
    "rotateCertificates": True,
    "allowedUnsafeSysctls": ["net.ipv4.*", "net.core*"],
    "kubeReserved": {"cpu": "10m", "memory": "10Mi", "ephemeral-storage": "10Mi"},
    "systemReserved": {"cpu": "10m", "memory": "20Mi", "ephemeral-storage": "1024Mi"},
    "containerLogMaxSize": "300Mi",
    "containerLogMaxFiles": 2,
}


def cluster(**changed):
    """Three nodes whose kubelets are as the runbook wants them, but for ``changed`` on node3."""
    configs = dict.fromkeys(NAMES, CONFIG) | {"node3": {**CONFIG, **changed}}
    return replace(
        make_facts(NAMES),
        clock=Reading("2026-01-01T01:00:00+00:00"),
        kubelets={name: Reading(Kubelet(None, config)) for name, config in configs.items()},
    )


def words(said):
    """A check's own words, without what pytest's rewriting of its assert adds."""
    return " ".join(str(said.value).partition("\nassert ")[0].split())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1Gi", "1024Mi", True), ("10m", "0.01", True), ("30m", "30m0s", True), ("1m0s", "60s", True),
        ("10m", "10m", True), ("10Mi", "10M", False), ("30m", "31m", False), (None, False, True),
        (None, [], True),
        (["a", "b"], ["b", "a"], True), (["a"], ["a", "b"], False), (True, None, False), (0, None, True),
        ("systemd", "cgroupfs", False), (2, 2.0, True), ("1h30m", "5400s", True),
    ],
)  # fmt: skip
def test_values_that_mean_the_same(one, other, expected):
    assert same(one, other) is expected
    assert same(other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("300m", "300Mi", True), ("1gb", "1Gi", True), ("300m", "30Mi", False)]
)
def test_sizes_as_docker_writes_them(one, other, expected):
    assert same_size(one, other) is expected


class TestConfiguration:
    def judge(self, facts, policy, node="node3"):
        kubelets.test_kubelet_configuration(facts, facts.node(node), policy)

    def test_as_the_runbook_wants_it(self):
        self.judge(cluster(), RUNBOOK)

    def test_nothing_is_demanded_by_default(self):
        with pytest.raises(NotApplicable, match=r"kubelet\.expect"):
            self.judge(cluster(), DEFAULT)

    def test_every_deviation_is_told(self):
        facts = cluster(rotateCertificates=False, kubeReserved={"cpu": "100m", "memory": "10Mi"})
        with pytest.raises(AssertionError) as said:
            self.judge(facts, RUNBOOK)
        assert words(said) == (
            "the kubelet of node3: rotateCertificates is false, expected is true;"
            ' kubeReserved.cpu is "100m", expected is "10m";'
            ' kubeReserved.ephemeral-storage is not set, expected is "10Mi"'
        )
        self.judge(facts, RUNBOOK, "node1")

    def test_the_misspelt_field_is_explained(self):
        (said,) = deviations(CONFIG, {"rotateServerCertificates": True})
        assert "serverTLSBootstrap" in said


class TestDrift:
    def judge(self, facts, policy, node):
        kubelets.test_kubelet_drift(facts, facts.node(node), policy)

    def test_agreement(self):
        self.judge(cluster(), DEFAULT, "node1")

    def test_the_minority_is_blamed(self):
        facts = cluster(cgroupDriver="cgroupfs")
        self.judge(facts, DEFAULT, "node1")
        with pytest.raises(AssertionError, match='cgroupDriver is "cgroupfs", on node1, node2 "systemd"'):
            self.judge(facts, DEFAULT, "node3")

    def test_without_a_majority_all_are_told(self):
        facts = cluster(cgroupDriver="cgroupfs")
        facts.kubelets.pop("node2")
        facts = replace(facts, nodes=(facts.nodes[0], facts.nodes[2]))
        for node in ("node1", "node3"):
            with pytest.raises(AssertionError, match="cgroupDriver"):
                self.judge(facts, DEFAULT, node)

    def test_what_may_differ(self):
        self.judge(cluster(maxPods=250, staticPodPath="/etc/kubernetes/manifests"), DEFAULT, "node3")
        policy = Policy.model_validate({"kubelet": {"may_differ": ["cgroupDriver"]}})
        self.judge(cluster(cgroupDriver="cgroupfs"), policy, "node3")
        with pytest.raises(AssertionError, match="maxPods"):
            self.judge(cluster(maxPods=250), policy, "node3")

    def test_another_version_is_not_compared(self):
        facts = cluster(cgroupDriver="cgroupfs")
        older = replace(facts.nodes[2], kubelet_version="v1.35.0")
        facts = replace(facts, nodes=(*facts.nodes[:2], older))
        with pytest.raises(NotApplicable, match="no other kubelet"):
            self.judge(facts, DEFAULT, "node3")

    def test_long_values_that_differ_at_their_end(self):
        configs = {"a": {"x": ["y" * 200, "1"]}, "b": {"x": ["y" * 200, "2"]}}
        assert [found.blamed for found in drift(configs, ())] == [{"a", "b"}]

    def test_nested_fields_are_told_alone(self):
        (found,) = drift(
            {"a": {"featureGates": {"A": True, "B": True}}, "b": {"featureGates": {"A": True}}}, ()
        )
        assert found.told("b") == "featureGates.B is not set, on a true"


def test_an_open_kubelet():
    kubelets.test_kubelet_asks_for_credentials(cluster(), cluster().node("node3"))
    facts = cluster(
        authentication={"anonymous": {"enabled": True}},
        authorization={"mode": "AlwaysAllow"},
        readOnlyPort=10255,
    )
    with pytest.raises(AssertionError) as said:
        kubelets.test_kubelet_asks_for_credentials(facts, facts.node("node3"))
    for part in ("authentication.anonymous.enabled is true", "AlwaysAllow", "readOnlyPort is 10255"):
        assert part in str(said.value)


class TestTerminating:
    def facts(self, **pod):
        ordinary = Pod("shop", "cart-0", "node2", "Running", True, "10.244.2.7", False)
        return replace(cluster(), pods=Reading((replace(ordinary, **pod),)))

    def test_none(self):
        terminating.test_no_pod_stuck_terminating(self.facts(), DEFAULT)

    def test_one_that_goes_in_time(self):
        terminating.test_no_pod_stuck_terminating(self.facts(deleted="2026-01-01T00:56:00Z"), DEFAULT)

    def test_one_that_hangs(self):
        with pytest.raises(AssertionError) as said:
            terminating.test_no_pod_stuck_terminating(self.facts(deleted="2026-01-01T00:40:00Z"), DEFAULT)
        assert words(said) == (
            "1 pod is stuck Terminating:"
            " shop/cart-0 should have been gone since 2026-01-01T00:40:00Z (20 minutes), on node node2, which"
            " is Ready: kubectl -n shop delete pod cart-0 --grace-period=0 --force"
        )

    def test_held_by_a_finalizer(self):
        facts = self.facts(deleted="2026-01-01T00:40:00Z", finalizers=("example.com/held",), node="gone")
        with pytest.raises(AssertionError, match=r"gone, which the cluster does not have.*example\.com/held"):
            terminating.test_no_pod_stuck_terminating(facts, DEFAULT)


class TestNodes:
    def test_pressure(self):
        node = cluster().nodes[0]
        nodes.test_node_without_pressure(node)
        full = Condition("DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")
        with pytest.raises(AssertionError, match="node node1: DiskPressure=True since ever"):
            nodes.test_node_without_pressure(replace(node, conditions=(*node.conditions, full)))
        with pytest.raises(NotApplicable):
            nodes.test_node_without_pressure(replace(node, conditions=(full,)))

    def test_one_version(self):
        facts = cluster()
        nodes.test_one_kubelet_version(facts, RUNBOOK)
        with pytest.raises(NotApplicable):
            nodes.test_one_kubelet_version(facts, DEFAULT)
        older = replace(facts.nodes[2], kubelet_version="v1.35.0")
        with pytest.raises(AssertionError, match=r"v1\.35\.0 on node3; v1\.36\.4 on node1, node2"):
            nodes.test_one_kubelet_version(replace(facts, nodes=(*facts.nodes[:2], older)), RUNBOOK)


class TestFlags:
    def judge(self, text, version, policy=RUNBOOK):
        node = replace(cluster().nodes[0], kubelet_version=version)
        question = process.KubeletProcess(tuple(policy.kubelet.flags))
        process.test_kubelet_flags(question.read(Raw(0, text.encode(), 0.1), "node node1"), node, policy)

    def test_dropped_flags_are_not_demanded(self):
        self.judge("flag bootstrap-kubeconfig=/x", "v1.37.2")
        with pytest.raises(AssertionError, match="--bootstrap-kubeconfig is not given"):
            self.judge("flag config=/x", "v1.37.2")
        with pytest.raises(NotApplicable):
            self.judge("", "v1.37.2", DEFAULT)

    def test_an_old_kubelet_needs_them(self):
        text = "flag bootstrap-kubeconfig=/x\nflag network-plugin=cni\nflag image-pull-progress-deadline={}"
        self.judge(text.format("30m"), "v1.22.17")
        self.judge(text.format("30m0s"), "v1.22.17")
        with pytest.raises(AssertionError, match="--image-pull-progress-deadline is 1m, expected is 30m"):
            self.judge(text.format("1m"), "v1.22.17")


class TestRuntime:
    DOCKER = (
        '"registry-mirrors": ["https://m"]\n"exec-opts": ["native.cgroupdriver=systemd"]\n'
        '"max-concurrent-downloads": 10\n"max-concurrent-uploads": 5\n"max-size": "300m"\n"max-file": "2"\n'
        '"live-restore": true\n'
    )

    def judge(self, name, text, policy=RUNBOOK, check=runtime.test_runtime_configuration, **changed):
        facts = cluster(**changed)
        node = replace(facts.nodes[2], runtime=f"{name}://1.6.20")
        answer = runtime.RuntimeFiles(name).read(Raw(0, text.encode(), 0.1), "node node3")
        check(answer, facts, node, policy)

    def test_docker_as_the_runbook_wants_it(self):
        self.judge("docker", self.DOCKER)
        self.judge("docker", self.DOCKER, check=runtime.test_cgroup_driver)

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ('"registry-mirrors": ["https://m"]\n', "", "no registry mirror"),
            ('downloads": 10', 'downloads": 3', "concurrent downloads are 3, expected are 10"),
            ('uploads": 5', 'uploads": 1', "concurrent uploads are 1, expected are 5"),
            ("300m", "100m", "max-size is 100m, expected is 300Mi"),
            ('"max-file": "2"', '"max-file": "9"', "max-file is 9, expected is 2"),
            ('restore": true', 'restore": false', "live-restore is off"),
        ],
    )
    def test_each_key_of_docker(self, before, after, said):
        with pytest.raises(AssertionError, match=said):
            self.judge("docker", self.DOCKER.replace(before, after))

    def test_containerd_rotates_no_logs_itself(self):
        text = "file /x\nplugins.a.max_concurrent_downloads = 10\nmirror https://m\n"
        self.judge("containerd", text)
        with pytest.raises(AssertionError, match='containerLogMaxSize is "10Mi", expected is "300Mi"'):
            self.judge("containerd", text, containerLogMaxSize="10Mi")

    def test_drivers_that_differ(self):
        text = "file /x\n[plugins.a.containerd.runtimes.runc.options]\nSystemdCgroup = true\n"
        check = runtime.test_cgroup_driver
        self.judge("containerd", text, check=check)
        with pytest.raises(
            AssertionError, match=r"the kubelet uses cgroup driver cgroupfs, containerd.* systemd"
        ):
            self.judge("containerd", text, check=check, cgroupDriver="cgroupfs")
        with pytest.raises(AssertionError, match="uses cgroup driver cgroupfs, expected is systemd"):
            self.judge("containerd", "", check=check)

    def test_nothing_is_demanded_by_default(self):
        with pytest.raises(NotApplicable):
            self.judge("docker", "", DEFAULT)


MASTER = "node-role.kubernetes.io/control-plane=:NoSchedule"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"taints": ("spot=:PreferNoSchedule",)}, ""),
        ({"taints": (MASTER,)}, f"node1 has the taint {MASTER}"),
        ({"taints": ("dedicated=build:NoExecute",)}, ""),
        (
            {"taints": ("node.kubernetes.io/unreachable:NoExecute",)},
            "node1 has the taint node.kubernetes.io/unreachable:NoExecute",
        ),
        ({"unschedulable": True}, "node1 is cordoned"),
        ({"conditions": (Condition("Ready", "False"),)}, "node1 is not Ready"),
    ],
)
def test_a_node_takes_pods_or_it_is_said_why_not(changes, why):
    facts = make_facts(("node1", "node2"))
    nodes_of = (replace(facts.nodes[0], **changes), replace(facts.nodes[1], taints=(MASTER,)))
    if why:
        with pytest.raises(AssertionError, match="none of 2 nodes takes pods") as told:
            nodes.test_some_node_takes_pods(replace(facts, nodes=nodes_of))
        assert f"{why}; node2 has the taint {MASTER}" in str(told.value)
    else:
        nodes.test_some_node_takes_pods(replace(facts, nodes=nodes_of))


def test_windows_alone_takes_no_pods():
    facts = make_facts(("node1",), ("win1",))
    with pytest.raises(AssertionError, match="none runs Linux"):
        nodes.test_some_node_takes_pods(replace(facts, nodes=facts.nodes[1:]))
