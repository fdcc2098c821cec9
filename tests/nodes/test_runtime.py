"""The container runtime's configuration, from its files: told with --node-access only."""

import re

from kubecheck.checks import (
    NODES,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    Policy,
    RuntimeFiles,
    RuntimeFilesAnswer,
    RuntimeSettings,
    Site,
    check,
    deviations,
    minor,
    need_node_access,
    same_size,
)

KNOWN = ("docker", "containerd")


def runtime_of(node: Node) -> str:
    """The runtime's name: docker, containerd or cri-o."""
    return node.runtime.partition("://")[0]


def files(here: Site) -> RuntimeFiles:
    """The runtime's files; only those of dockerd and containerd are known."""
    need_node_access(here)
    runtime = runtime_of(here.node)
    if runtime not in KNOWN:
        raise NotApplicable(f"{here.node.runtime} runs on {here.node.name}; known are the files of {KNOWN}")
    return RuntimeFiles(runtime)


@check(
    title="Each node's container runtime is configured as promised",
    at=NODES,
    asks=files,
    runbook=("R15",),
    remedy=(
        "docker: registry-mirrors, max-concurrent-..., log-opts, live-restore in /etc/docker/daemon.json",
        "containerd: registry config_path, max_concurrent_downloads in /etc/containerd/config.toml",
        "with containerd the kubelet rotates the logs: containerLogMaxSize, containerLogMaxFiles",
        "then: systemctl restart docker (or containerd); systemctl restart kubelet",
    ),
)
def test_runtime_configuration(answer: RuntimeFilesAnswer, facts: Facts, node: Node, policy: Policy) -> None:
    """Registry mirrors, concurrent pulls and pushes, log rotation and live restore are as policy asks.

    Of containerd: pushes are no business of a node's, containers always outlive its restart, and the
    kubelet rotates the logs.
    Source: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file;
    https://github.com/containerd/containerd/blob/main/docs/cri/config.md
    """
    promised = policy.runtime
    if not any(promised.model_dump(exclude={"cgroup_driver"}).values()):
        raise NotApplicable("policy demands nothing of the container runtime's configuration (runtime)")
    found = answer.settings()
    wrong = []
    if promised.registry_mirrors and not found.mirrors:
        wrong.append("no registry mirror is configured")
    for what, has, wanted in (
        ("concurrent downloads", found.downloads, promised.max_concurrent_downloads),
        ("concurrent uploads", found.uploads, promised.max_concurrent_uploads),
    ):
        if wanted and has is not None and has != wanted:
            wrong.append(f"{what} are {has}, expected are {wanted}")
    wrong += logs(found, facts, node, policy)
    if promised.live_restore and not found.live_restore:
        wrong.append("live-restore is off, so that restarting the runtime ends all containers")
    assert not wrong, f"{node.runtime} on {node.name}: {'; '.join(wrong)}"


def logs(found: RuntimeSettings, facts: Facts, node: Node, policy: Policy) -> list[str]:
    """How log rotation differs from what policy asks: dockerd's own, or else the kubelet's."""
    size, count = policy.runtime.log_max_size, policy.runtime.log_max_files
    if found.log_files is None:
        wanted: dict[str, object] = {}
        if size:
            wanted["containerLogMaxSize"] = size
        if count:
            wanted["containerLogMaxFiles"] = count
        return deviations(facts.kubelets[node.name].value.config, wanted) if wanted else []
    wrong = []
    if size and not same_size(found.log_size or "", size):
        wrong.append(f"log-opts max-size is {found.log_size or 'not set'}, expected is {size}")
    if count and found.log_files != count:
        wrong.append(f"log-opts max-file is {found.log_files}, expected is {count}")
    return wrong


@check(
    title="Each node's container runtime and kubelet use the same cgroup driver",
    at=NODES,
    asks=files,
    runbook=("R15",),
    remedy=(
        "docker: exec-opts native.cgroupdriver=systemd in /etc/docker/daemon.json",
        "containerd: SystemdCgroup = true in the options of the runc runtime",
        "kubelet: cgroupDriver: systemd; drain the node before you restart both",
    ),
)
def test_cgroup_driver(answer: RuntimeFilesAnswer, facts: Facts, node: Node, policy: Policy) -> None:
    """The runtime's driver is the kubelet's, and the one that policy names.

    With two drivers, two managers keep two views of the node's resources, and nodes become unstable
    under pressure. A kubelet since 1.31 takes its driver from containerd 2, whatever its file says.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/
    """
    has, wanted = answer.settings().cgroup_driver, policy.runtime.cgroup_driver
    assert not wanted or has == wanted, (
        f"{node.runtime} on {node.name} uses cgroup driver {has}, expected is {wanted}"
    )
    if asks_the_runtime(node):
        return
    kubelet = str(facts.kubelets[node.name].value.config.get("cgroupDriver") or "")
    if not kubelet:
        raise CannotTell(f"the kubelet of {node.name} does not say which cgroup driver it uses")
    assert kubelet == has, f"{node.name}: the kubelet uses cgroup driver {kubelet}, {node.runtime} {has}"


def asks_the_runtime(node: Node) -> bool:
    """Whether the kubelet gets its cgroup driver from the runtime: KubeletCgroupDriverFromCRI."""
    runtime, _, version = node.runtime.partition("://")
    major = version.removeprefix("v").partition(".")[0]
    return (
        runtime == "containerd"
        and re.fullmatch("[0-9]{1,4}", major) is not None
        and int(major) >= 2
        and minor(node.kubelet_version) >= 31
    )
