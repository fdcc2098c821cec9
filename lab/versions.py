"""The pinned versions of every program that the lab builds.

Each row has its Go module file under lab/programs/; a unit test holds the two together.
Pin another Kubernetes version with ``python lab/programs/pin_kubernetes.py VERSION`` and add its row here.
"""

from dataclasses import dataclass

DEFAULT_KUBERNETES = "1.37.2"
ETCD = "3.6.16"
COREDNS = "1.14.7"
METRICS_SERVER = "0.9.0"
DASHBOARD = "1.10.1"  # the newest Kubernetes Dashboard whose Go module can be had
KWOK = "0.8.0"  # for nodes that are none; see lab/fakenodes.py
HYDROPHONE = "0.8.0"  # runs Kubernetes' end-to-end tests; see lab/endtoend.py
PAUSE = "1"  # the program in lab/programs/pause


@dataclass(frozen=True)
class KubernetesVersion:
    """A Kubernetes version whose modules are pinned, such as 1.37.2, without the leading v."""

    version: str
    build_tags: tuple[str, ...] = ()

    @property
    def major(self) -> int:
        """The 1 of 1.37.2."""
        return int(self.version.split(".")[0])

    @property
    def minor(self) -> int:
        """The 37 of 1.37.2."""
        return int(self.version.split(".")[1])

    @property
    def module_file(self) -> str:
        """The name of its module file in lab/programs/kubernetes/."""
        return f"{self.version}.mod"


KUBERNETES = {
    row.version: row
    for row in (
        KubernetesVersion("1.37.2"),
        KubernetesVersion("1.36.4"),
        KubernetesVersion("1.30.14", build_tags=("kubelet_without_context",)),
    )
}
