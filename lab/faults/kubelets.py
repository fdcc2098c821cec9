"""A node's kubelet: its configuration file changed and put back, and the kubelet that has read it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.faults import files
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet"
METRICS = "/apis/metrics.k8s.io/v1beta1"
METRICS_PERIOD = timedelta(seconds=10)  # --metric-resolution of the lab's metrics-server
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
    """Wait until metrics-server has new figures of the node and of every pod that runs there.

    A kubelet that was restarted has none of its pods at first, and metrics-server forgets those that it had:
    a figure of the first moments may be one of before. So those of one reading later are waited for.
    Not while another fault is in, which may be one of metrics.
    """
    if Ledger.of(lab).several():
        return
    since = datetime.now(UTC) + METRICS_PERIOD
    pods = f"/api/v1/pods?fieldSelector=spec.nodeName%3D{node},status.phase%3DRunning"

    def measured() -> bool:
        running, rows = lab.api().get(pods), lab.api().get(f"{METRICS}/pods")
        own = lab.api().get(f"{METRICS}/nodes/{node}")
        if running is None or rows is None or own is None:
            return False
        taken = {_name(row): datetime.fromisoformat(row["timestamp"]) for row in rows["items"]}
        of_pods = [taken.get(_name(pod), since) for pod in running["items"]]
        return all(moment > since for moment in (*of_pods, datetime.fromisoformat(own["timestamp"])))

    until(measured, f"metrics-server has new figures of {node} and its pods")


def _name(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def node_ready(lab: Lab, node: str) -> bool:
    """Whether the node's condition Ready is True."""
    found = lab.api().get(f"/api/v1/nodes/{node}") or {"status": {"conditions": []}}
    conditions = found["status"]["conditions"]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
