"""A node's kubelet: its configuration file changed and put back, and the kubelet that has read it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lab.faults import files
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet"
METRICS = "/apis/metrics.k8s.io/v1beta1/pods"
CONFIGURATION = "/etc/kubernetes/kubelet-conf.yml"


def change(lab: Lab, fault: str, node: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Let ``edit`` change the configuration as data, and restart the kubelet when that made a difference."""
    before = json.loads(files.read(lab, node, CONFIGURATION))
    after = json.loads(json.dumps(before))
    edit(after)
    if after != before:
        files.write(lab, fault, node, CONFIGURATION, json.dumps(after, indent=2) + "\n")
        restart(lab, node)


def restore(lab: Lab, fault: str, node: str) -> None:
    """Put the configuration back and restart the kubelet, when ``fault`` has changed it."""
    if files.restore(lab, fault, node, CONFIGURATION):
        restart(lab, node)


def restart(lab: Lab, node: str) -> None:
    """Restart a node's kubelet and wait until it serves its configuration and the node is Ready."""
    lab.stop(node, NAME)
    lab.start(node, NAME)
    until_serves(lab, node)


def until_serves(lab: Lab, node: str) -> None:
    """Wait until a node's kubelet serves its configuration and the node is Ready."""
    until(lambda: serves(lab, node), f"the kubelet of {node} serves again and the node is Ready")


def serves(lab: Lab, node: str) -> bool:
    """Whether the API server reaches the kubelet, and the node is Ready."""
    return lab.api().get(f"/api/v1/nodes/{node}/proxy/configz") is not None and node_ready(lab, node)


def until_measured(lab: Lab, node: str) -> None:
    """Wait until metrics-server has figures from now on of every pod that runs on the node.

    A kubelet that was restarted has none at first, and metrics-server forgets those that it had.
    """
    asked = datetime.now(UTC)
    pods = f"/api/v1/pods?fieldSelector=spec.nodeName%3D{node},status.phase%3DRunning"

    def measured() -> bool:
        running, rows = lab.api().get(pods), lab.api().get(METRICS)
        if running is None or rows is None:
            return False
        taken = {_name(row): datetime.fromisoformat(row["timestamp"]) for row in rows["items"]}
        return all(taken.get(_name(pod), asked) > asked for pod in running["items"])

    until(measured, f"metrics-server has figures of the pods on {node}")


def _name(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def node_ready(lab: Lab, node: str) -> bool:
    """Whether the node's condition Ready is True."""
    found = lab.api().get(f"/api/v1/nodes/{node}") or {"status": {"conditions": []}}
    conditions = found["status"]["conditions"]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
