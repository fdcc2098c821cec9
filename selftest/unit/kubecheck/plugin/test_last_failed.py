"""pytest's --lf judges again what failed last time, and what could not be told."""

import json
import os
import subprocess
import sys

from selftest.unit.kubecheck.conftest import save_made, with_full_disk


def test_the_command_knows_what_failed_in_the_run_of_the_same_reports(facts_of, tmp_path):
    save_made(with_full_disk(facts_of(("node1", "node2"))), tmp_path / "record.json")

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
