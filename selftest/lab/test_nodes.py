"""Nodes that are broken, one thing at a time: which checks turn red, where, and with which words."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]
KUBELET_FILE = "/etc/kubernetes/kubelet-conf.yml"
CONTAINERD_FILE = "/etc/containerd/config.toml"


def read(lab: Lab, node: str, path: str) -> str:
    done = lab.exec_on_node(node, ["cat", path])
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(lab: Lab, node: str, path: str, text: str) -> None:
    done = lab.machine(node).run(["sh", "-c", f"cat >{path}"], text)
    assert done.returncode == 0, done.stderr


def ready(core: client.CoreV1Api, node: str) -> bool:
    """Whether its kubelet reports, and reports well."""
    conditions = core.read_node(node).status.conditions
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


def restart_kubelet(lab: Lab, api: client.ApiClient, node: str) -> None:
    """Restart it, and wait until it serves its configuration and the node is Ready."""
    lab.stop(node, "kubelet")
    lab.start(node, "kubelet")
    core = client.CoreV1Api(api)

    def serves() -> bool:
        try:
            core.connect_get_node_proxy_with_path(node, "configz")
        except client.ApiException:
            return False
        return ready(core, node)

    until(serves, f"the kubelet of {node} serves again")


def failed(run: Run) -> dict[str, set[str]]:
    """Vantages of the failures, by check."""
    found: dict[str, set[str]] = {}
    for check, vantage in run.with_outcome("failed"):
        found.setdefault(check, set()).add(vantage)
    return found


def message(run: Run, check: str) -> str:
    return next(c["message"] for c in run.verdict["checks"] if c["id"] == check and c["outcome"] == "failed")


@pytest.fixture
def opened_kubelet(lab: Lab, api: client.ApiClient) -> Iterator[str]:
    """One node's kubelet, changed by hand: more reserved than on the others, and open to everybody."""
    node = lab.nodes[-1]
    before = read(lab, node, KUBELET_FILE)
    changed = json.loads(before)
    changed["kubeReserved"]["cpu"] = "100m"
    changed["authentication"]["anonymous"]["enabled"] = True
    changed["authorization"] = {"mode": "AlwaysAllow"}
    changed["readOnlyPort"] = 10255
    try:
        write(lab, node, KUBELET_FILE, json.dumps(changed))
        restart_kubelet(lab, api, node)
        yield node
    finally:
        write(lab, node, KUBELET_FILE, before)
        restart_kubelet(lab, api, node)


def test_a_kubelet_changed_by_hand(kubecheck: Kubecheck, opened_kubelet: str, lab: Lab) -> None:
    run = kubecheck("tests/nodes/test_kubelets.py")
    assert run.code == 1, run.output
    own = {f"api:{opened_kubelet}"}
    assert failed(run) == {
        "nodes.kubelet_configuration": own,
        "nodes.kubelet_drift": own,
        "nodes.kubelet_asks_for_credentials": own,
        "nodes.kubelet_refuses_anonymous": {f"kubectl:{opened_kubelet}"},
        "nodes.read_only_port_closed": {f"node:{node}" for node in lab.nodes},
    }
    assert 'kubeReserved.cpu is "100m", expected is "10m"' in message(run, "nodes.kubelet_configuration")
    assert "HTTP/1.1 200 OK" in message(run, "nodes.kubelet_refuses_anonymous")
    # Nothing that the open kubelet served has come into the record.
    record = (run.reports / "record.json").read_text()
    assert "PodList" not in record


@pytest.fixture
def stuck_pod(lab: Lab, api: client.ApiClient) -> Iterator[str]:
    """A pod deleted while the kubelet of its node hangs."""
    node = lab.nodes[-1]
    core = client.CoreV1Api(api)
    image = next(line.split('"')[1] for line in lab.policy.read_text().splitlines() if "busybox" in line)
    container = {"name": "c", "image": image, "imagePullPolicy": "Never", "command": ["sleep", "600"]}
    core.create_namespaced_pod(
        "default",
        {
            "metadata": {"name": "selftest-stuck"},
            "spec": {"nodeName": node, "terminationGracePeriodSeconds": 1, "containers": [container]},
        },
    )

    def phase() -> str:
        return str(core.read_namespaced_pod("selftest-stuck", "default").status.phase)

    def gone() -> bool:
        pods = core.list_namespaced_pod("default", field_selector="metadata.name=selftest-stuck")
        return not pods.items

    try:
        until(lambda: phase() == "Running", "the pod runs")
        lab.freeze(node, "kubelet")
        core.delete_namespaced_pod("selftest-stuck", "default")
        yield node
    finally:
        lab.thaw(node, "kubelet")
        until(gone, "the pod is gone")
        until(lambda: ready(core, node), f"{node} is Ready again")


def test_a_stuck_pod_is_told_with_its_node_and_the_command(
    kubecheck: Kubecheck, stuck_pod: str, lab: Lab, tmp_path: Path
) -> None:
    impatient = tmp_path / "policy.toml"
    impatient.write_text(lab.policy.read_text().replace("[nodes]\n", "[nodes]\nterminating_seconds = 0\n"))
    runs: list[Run] = []

    def noticed() -> bool:
        runs.append(kubecheck("tests/nodes/test_terminating.py", "--policy", str(impatient)))
        return runs[-1].code == 1

    until(noticed, "the pod's grace period is over")
    run = runs[-1]
    said = message(run, "nodes.no_pod_stuck_terminating")
    assert "default/selftest-stuck should have been gone since" in said
    assert f"on node {stuck_pod}, which is" in said
    assert "kubectl -n default delete pod selftest-stuck --grace-period=0 --force" in said


@pytest.fixture
def another_driver(lab: Lab) -> Iterator[str]:
    """One node's containerd file, which names the systemd driver and fewer downloads."""
    node = lab.nodes[0]
    before = read(lab, node, CONTAINERD_FILE)
    after = before.replace("SystemdCgroup = false", "SystemdCgroup = true")
    write(
        lab,
        node,
        CONTAINERD_FILE,
        after.replace("max_concurrent_downloads = 10", "max_concurrent_downloads = 3"),
    )
    yield node
    write(lab, node, CONTAINERD_FILE, before)


def test_node_access(
    kubecheck: Kubecheck, another_driver: str, lab: Lab, leftovers: Callable[[], list[str]], tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    demanding = lab.policy.read_text().replace("etcd_own_disk = false", "etcd_own_disk = true")
    policy.write_text(demanding.replace('cgroup_driver = "cgroupfs"', 'cgroup_driver = ""'))
    chosen = "test_runtime.py or test_kubelet_process.py or etcd_own_disk"
    run = kubecheck("tests/nodes", "-k", chosen, "--policy", str(policy), "--node-access")
    own = {f"node:{another_driver}"}
    found = failed(run)
    assert found["nodes.cgroup_driver"] == own
    assert found["nodes.runtime_configuration"] == own
    assert "concurrent downloads are 3, expected are 10" in message(run, "nodes.runtime_configuration")
    assert "nodes.kubelet_flags" not in found
    assert not run.with_outcome("unknown"), run.output
    # Workers run no etcd, and every master's is looked at.
    judged = {v for (c, v), o in run.outcomes.items() if c == "nodes.etcd_own_disk" and o != "not-applicable"}
    assert judged == {f"node:{node}" for node in lab.masters}
    assert leftovers() == []
