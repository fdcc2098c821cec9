"""The container runtime and the kubelet of a node manage cgroups in two ways."""

import re
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import unready_pods, without_new_pods
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_fields import wrong_in

# runc, asked by one driver for a path of the other's form.
SAYS_SO = re.compile(r"expected cgroupsPath to be of format|cgroup.{0,20}path.{0,40}slice", re.IGNORECASE)


@cause(
    title="Kubelet and container runtime use different cgroup drivers",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz | grep -o 'cgroupDriver[^,]*'",
        "on {node}: grep SystemdCgroup /etc/containerd/config.toml; docker info | grep -i cgroup",
    ),
    remedy=(
        "kubectl drain {node} --ignore-daemonsets, and at the end: kubectl uncordon {node}",
        "on {node}, with containerd: set SystemdCgroup = {systemd} in the options of runc in /etc/containerd/config.toml, then: systemctl restart containerd",
        'on {node}, with docker: "exec-opts": ["native.cgroupdriver={kubelet}"] in /etc/docker/daemon.json, then: systemctl restart docker',
        "or the other way round (systemd is the right one where systemd is init): cgroupDriver in the kubelet's configuration, then: systemctl restart kubelet",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/",
)
def cgroup_driver(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet asks for cgroups in one driver's form, and the runtime expects the other's.

    Pods that run go on, and new ones do not start, or two managers keep two views of the node's resources
    and it becomes unstable under pressure.
    """
    told = {s.node: s for s in evidence.find("nodes.cgroup_driver", failed=True)}
    hanging = {
        s.node: s for s in evidence.find("network.probe_pod_runs", failed=True) if SAYS_SO.search(s.message)
    }
    for name in sorted({*told, *hanging}):
        reading = evidence.facts.kubelets.get(name)
        config = reading.found.config if reading and reading.found else {}
        kubelet = str(config.get("cgroupDriver") or "cgroupfs")
        drift = wrong_in(evidence, name, "cgroupDriver")
        explained = evidence.find("nodes.cgroup_driver", node=name) | drift
        if name in hanging:
            explained |= without_new_pods(evidence, name) | unready_pods(evidence, name)
        witness = told.get(name) or hanging[name]
        yield Finding(
            says=f"the container runtime of node {name} does not use the kubelet's cgroup driver ({kubelet})",
            blames=(f"Node/{name}",),
            explains=explained,
            confidence=Confidence.CERTAIN,
            names={
                "node": name,
                "kubelet": kubelet,
                "systemd": "true" if kubelet == "systemd" else "false",
            },
            confirmed=(witness.message,),
        )
