"""A cluster with nodes that carry no probe pods: they are told, and they spoil nothing."""

import json
import subprocess
import sys

from selftest.faults.records import read


def test_a_windows_node_is_told_and_no_alarm(tmp_path):
    record = json.loads(next(kept.record for kept in read() if kept.name == "without-dashboard"))
    nodes = record["facts"]["nodes"]
    nodes.append({**nodes[-1], "name": "windows1", "os": "windows", "addresses": ["192.168.232.250"]})
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    done = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "--replay", str(path), "--reports", str(tmp_path),
         "-k", "network or test_kubectl or test_kubernetes_service_reachable"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "some nodes run no Linux, and probe pods run on Linux only" in done.stdout
    results = {
        (each["id"], each["vantage"]): each
        for each in json.loads((tmp_path / "verdict.json").read_text())["checks"]
    }
    for vantage in ("pod:windows1", "node:windows1"):
        result = results["network.kubernetes_service_reachable", vantage]
        assert result["outcome"] == "not-applicable"
        assert result["message"] == "node windows1 runs windows: probe pods run on Linux only"
    assert results["nodes.exec", "kubectl:windows1"]["outcome"] == "not-applicable"
    assert results["network.pod_to_pod", f"pod:{nodes[0]['name']}"]["outcome"] == "passed"
