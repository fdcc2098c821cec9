"""A node's kubelet: its configuration file changed and put back, and the kubelet that has read it."""

import json
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.errors import LabError
from lab.faults import files, objects
from lab.faults.ledger import Ledger
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "kubelet"
METRICS = "/apis/metrics.k8s.io/v1beta1"
METRICS_PERIOD = timedelta(seconds=10)  # --metric-resolution of the lab's metrics-server
CONFIGURATION = "/etc/kubernetes/kubelet-conf.yml"


def configure(lab: Lab, fault: str, node: str, **fields: Any) -> bool:
    """Write these fields into the configuration; whether that makes a difference."""
    before = json.loads(files.read(lab, node, CONFIGURATION))
    after = before | fields
    if after != before:
        files.write(lab, fault, node, CONFIGURATION, json.dumps(after, indent=2) + "\n")
    return bool(after != before)


def change(lab: Lab, fault: str, node: str, **fields: Any) -> None:
    """Let the kubelet run with these fields in its configuration, and wait until it is measured again."""
    if configure(lab, fault, node, **fields):
        restart(lab, node)
    until_measured(lab, node)


def restore(lab: Lab, fault: str, node: str) -> None:
    """Put the configuration back, when ``fault`` has changed it, and wait until it is measured again."""
    if files.restore(lab, fault, node, CONFIGURATION):
        restart(lab, node)
    until_measured(lab, node)


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
    Where they may never come, because another fault is in, they are waited for but not insisted on.
    """
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

    what = f"metrics-server has new figures of {node} and its pods"
    with suppress(LabError) if Ledger.of(lab).several() else nullcontext():
        until(measured, what)


def _name(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def node_ready(lab: Lab, node: str) -> bool:
    """Whether the node's condition Ready is True."""
    return objects.holds(lab.api().get(f"/api/v1/nodes/{node}"), "Ready")
