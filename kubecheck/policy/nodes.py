"""What is promised of the nodes: their kubelets, their container runtimes, their disks and clocks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from kubecheck.policy.section import Section


class Nodes(Section):
    """The nodes themselves. What is said of disks is told with --node-access only."""

    one_version: bool = False
    """Whether all nodes must run the same version of the kubelet."""
    terminating_seconds: float = Field(300, ge=0)
    """How long a pod may be Terminating beyond its own grace period."""
    max_clock_skew_seconds: float = Field(5, ge=1)
    """How far a node's clock may be from the others' and from the API server's."""
    etcd_own_disk: bool = False
    """Whether etcd's data must lie on another disk than the system."""
    etcd_ssd: bool = False
    """Whether the disk under etcd's data must be one that does not rotate."""
    runtime_own_disk: bool = False
    """Whether the container runtime's data must lie on another disk than the system."""


class KubeletPolicy(Section):
    """The kubelets: their effective configuration, as configz shows it, and their command lines."""

    expect: dict[str, JsonValue] = Field(default_factory=dict)
    """Fields of KubeletConfiguration and the values that every kubelet must have. In a table, fields that
    are not named may have any value; the order in lists does not matter. Empty: nothing is demanded."""
    drift: bool = True
    """Whether kubelets of the same version must agree with each other."""
    may_differ: tuple[str, ...] = Field(
        (
            "containerLogMaxFiles", "containerLogMaxSize", "cpuManagerPolicy", "cpuManagerPolicyOptions",
            "enforceNodeAllocatable", "evictionHard", "evictionMinimumReclaim", "evictionSoft",
            "evictionSoftGracePeriod", "imageGCHighThresholdPercent", "imageGCLowThresholdPercent",
            "kubeReserved", "kubeReservedCgroup", "maxParallelImagePulls", "maxPods", "memoryManagerPolicy",
            "memorySwap", "failSwapOn", "podPidsLimit", "podsPerCore", "reservedMemory", "resolvConf",
            "shutdownGracePeriod", "shutdownGracePeriodByPodPriority", "shutdownGracePeriodCriticalPods",
            "systemReserved", "systemReservedCgroup", "topologyManagerPolicy", "topologyManagerPolicyOptions",
            "topologyManagerScope",
        ),
        strict=False,
    )  # fmt: skip
    """Fields in which they need not agree: sizes and tuning, which follow the machine. Those that are a
    node's own by nature, its address for instance, are never compared."""
    flags: dict[str, str] = Field(default_factory=dict)
    """Flags, without dashes, that every kubelet must have been started with, and their values; an empty value
    is any value. A flag that the kubelet's version has dropped is not demanded. Told with --node-access."""


class Runtime(Section):
    """The container runtime's configuration on every node: told with --node-access only.

    Each key is for dockerd and for containerd, as far as each has such a thing.
    """

    cgroup_driver: Literal["", "systemd", "cgroupfs"] = ""
    """The runtime's cgroup driver. Empty: whichever, as long as it is the kubelet's."""
    registry_mirrors: bool = False
    """Whether a registry mirror must be configured."""
    max_concurrent_downloads: int = Field(0, ge=0)
    """Layers pulled at once; 0 is not asked."""
    max_concurrent_uploads: int = Field(0, ge=0)
    """Layers pushed at once, by dockerd only: nodes with another runtime push no images. 0 is not asked."""
    log_max_size: str = Field("", pattern=r"^(\d+(Ki|Mi|Gi)?)?$")
    """The size at which a container's log file is rotated, ``300Mi`` for instance; empty is not asked."""
    log_max_files: int = Field(0, ge=0)
    """Log files kept for a container; 0 is not asked."""
    live_restore: bool = False
    """Whether containers must outlive a restart of the runtime; those of containerd and CRI-O always do."""
