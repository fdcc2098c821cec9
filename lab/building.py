"""The lab's programs, compiled from pinned Go modules and cached."""

from dataclasses import dataclass
from pathlib import Path

from lab.progress import Progress


@dataclass(frozen=True)
class Programs:
    """The binaries of a lab. ``kube`` is many programs in one: ``kube kubelet --config ...``."""

    kube: Path
    etcd: Path
    coredns: Path
    metrics_server: Path
    pause: Path


def build_programs(kubernetes: str, progress: Progress) -> Programs:
    """Build what the cache lacks; ``kubernetes`` is a version of lab/versions.py."""
    raise NotImplementedError


def build_kubernetes(version: str, progress: Progress) -> Path:
    """Build only the multi-call Kubernetes binary, for an older kubelet on a node."""
    raise NotImplementedError
