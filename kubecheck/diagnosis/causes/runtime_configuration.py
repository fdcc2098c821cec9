"""The container runtime is not configured as promised."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import alike, blamed, named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes
from kubecheck.wording import listed


@cause(
    title="The container runtime is not configured as promised",
    confirm=("on {node}: cat /etc/docker/daemon.json; containerd config dump",),
    remedy=(
        "on {nodes}, with docker: set registry-mirrors, max-concurrent-downloads, max-concurrent-uploads, log-opts and live-restore in /etc/docker/daemon.json; systemctl restart docker",
        "on {nodes}, with containerd: registry config_path and max_concurrent_downloads in /etc/containerd/config.toml; systemctl restart containerd",
        "with containerd the kubelet rotates logs: containerLogMaxSize and containerLogMaxFiles in its configuration; systemctl restart kubelet",
    ),
    source="https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
)
def runtime_configuration(evidence: Evidence) -> Iterator[Finding]:
    """Mirrors, concurrent pulls, log rotation or live-restore are not as policy asks.

    Pulls are slow or fail, logs fill the disk, or a restart of the runtime ends all containers.
    """
    for message, symptoms in alike(evidence.find("nodes.runtime_configuration", failed=True)):
        nodes = at_nodes(symptoms)
        yield Finding(
            says=message
            if len(nodes) == 1
            else f"the runtimes of {named(nodes)}: {message.partition(': ')[2]}",
            blames=blamed(symptoms),
            explains=symptoms,
            confidence=Confidence.CERTAIN,
            names={"node": nodes[0], "nodes": listed(nodes)},
            confirmed=(message,),
        )
