"""pytest's --lf judges again what failed last time, and what could not be told."""

import json
import os
import subprocess
import sys
from dataclasses import replace

from kubecheck.cluster.objects import Condition
from kubecheck.policy import Policy
from kubecheck.survey import Record, save_record


def test_the_command_knows_what_failed_in_the_run_of_the_same_reports(facts_of, tmp_path):
    facts = facts_of(("node1", "node2"))
    full = Condition("DiskPressure", "True", since="2026-01-01T00:00:00Z")
    nodes = (replace(facts.nodes[0], conditions=(*facts.nodes[0].conditions, full)), facts.nodes[1])
    record = Record("r1", "2026-01-01T02:00:00+00:00", Policy(), replace(facts, nodes=nodes))
    save_record(record, tmp_path / "record.json")

    def judged(*options):
        ran = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "--replay", "record.json", "--reports", "there",
             "-k", "aggregated_apis or node_without_pressure", *options],
            cwd=tmp_path, text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "KUBECHECK_REPORTS": "elsewhere"},
        )  # fmt: skip
        assert ran.returncode == 1, ran.stdout
        results = json.loads((tmp_path / "there/verdict.json").read_text())["checks"]
        return {(result["id"], result["vantage"]): result["outcome"] for result in results}

    wrong = {
        ("nodes.node_without_pressure", "api:node1"): "failed",
        ("addons.aggregated_apis_available", "api"): "unknown",
    }
    assert judged() == wrong | {("nodes.node_without_pressure", "api:node2"): "passed"}
    assert judged("--lf", "-n", "2") == wrong
    assert judged("--last-failed") == wrong
    assert {path.name for path in tmp_path.iterdir()} == {"record.json", "there"}
