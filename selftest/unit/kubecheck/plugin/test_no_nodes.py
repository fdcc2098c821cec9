"""A cluster without nodes: no check of a node applies, and none says that the cluster is wrong."""

import json
import subprocess
import sys

from selftest.faults.records import read


def test_without_nodes_what_is_judged_at_nodes_does_not_apply(tmp_path):
    record = json.loads(next(kept.record for kept in read() if kept.name == "without-dashboard"))
    record["facts"]["nodes"] = []
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "--replay", str(path), "--reports", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["verdict"] == "NOT READY"
    at_nodes = [each for each in verdict["checks"] if each["vantage"] == "each"]
    assert {"nodes.node_ready", "network.pod_to_pod", "nodes.exec"} <= {each["id"] for each in at_nodes}
    assert {each["outcome"] for each in at_nodes} == {"not-applicable"}
    assert {each["message"] for each in at_nodes} == {"the cluster has no node"}
    failed = {each["id"] for each in verdict["checks"] if each["outcome"] == "failed"}
    assert "nodes.some_node_takes_pods" in failed
