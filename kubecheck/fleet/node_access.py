"""--node-access: the probe pod on a node's own network also sees the node's files, read-only.

It runs as root then, because configuration files often are root's alone, but without any capability.
It is the one thing that a run asks for beyond the network, so it is asked for by a flag only.
"""

from __future__ import annotations

from typing import Any

from kubecheck.probes.host import HOST

Json = dict[str, Any]


def with_node_access(pod: Json) -> Json:
    """The same probe pod, with the node's root filesystem at /host."""
    spec = pod["spec"]
    # Mounts below it are writable on clusters that do not know recursiveReadOnly, before 1.30; nothing
    # is ever written there in any case.
    mount = {"name": "host", "mountPath": HOST, "readOnly": True, "recursiveReadOnly": "IfPossible"}
    containers = [
        {
            **container,
            "securityContext": {**container["securityContext"], "runAsNonRoot": False, "runAsUser": 0},
            "volumeMounts": [*container["volumeMounts"], mount],
        }
        for container in spec["containers"]
    ]
    volumes = [*spec["volumes"], {"name": "host", "hostPath": {"path": "/", "type": "Directory"}}]
    return {**pod, "spec": {**spec, "containers": containers, "volumes": volumes}}
