"""First light: the verdict on a healthy cluster, alone, with workers, and out of its record."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from lab.handle import Lab
from selftest.lab.conftest import Run, ended
from selftest.running import ROOT, replay_command_line

Kubecheck = Callable[..., Run]


def vantages(outcomes: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Vantages by check."""
    found: dict[str, set[str]] = {}
    for check, vantage in outcomes:
        found.setdefault(check, set()).add(vantage)
    return found


def test_healthy_lab_is_ready_three_times_alike(
    kubecheck: Kubecheck, healthy: Run, leftovers: Callable[[], list[str]]
) -> None:
    runs = [healthy, kubecheck(), kubecheck()]
    for run in runs:
        assert run.code == 0, run.output
        assert run.output.rstrip().splitlines()[-1].startswith("verdict: READY (")
        assert run.with_outcome("passed")
        assert not run.with_outcome("failed") | run.with_outcome("unknown")
        assert run.outcomes == runs[0].outcomes
    assert leftovers() == []


def test_every_node_is_a_vantage(healthy: Run, lab: Lab) -> None:
    by_check = vantages(healthy.with_outcome("passed"))
    assert by_check["network.kubernetes_service_reachable"] == {
        f"{kind}:{node}" for kind in ("pod", "node") for node in lab.nodes
    }
    assert by_check["network.pod_to_pod"] == {f"pod:{node}" for node in lab.nodes}
    assert by_check["nodes.node_ready"] == {f"api:{node}" for node in lab.nodes}


def test_workers_give_the_same_results_with_one_fleet(kubecheck: Kubecheck, healthy: Run) -> None:
    split = kubecheck("-n", "4", "-v")
    assert split.code == 0, split.output
    assert split.outcomes == healthy.outcomes
    assert split.verdict["run"] in split.output
    # Every worker asked through the probe pods of the one run, and each node's items went to one worker.
    workers: dict[str, set[str]] = {}
    for worker, node in re.findall(
        r"^\[(gw\d+)\].*\[(?:pod|node|api):([\w-]+)\]", split.output, re.MULTILINE
    ):
        workers.setdefault(node, set()).add(worker)
    assert len(workers) == 5
    assert all(len(found) == 1 for found in workers.values()), workers
    assert len(set.union(*workers.values())) == 4


def test_replay_needs_no_cluster_and_gives_the_same_verdict(healthy: Run, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("this is no kubeconfig")
    reports = tmp_path / "reports"
    for options in ((), ("-n", "2")):
        command = replay_command_line(healthy.reports / "record.json", reports, *options)
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "KUBECONFIG": str(nowhere)},
        )  # fmt: skip
        again = ended(process, reports)
        assert (again.code, again.outcomes) == (healthy.code, healthy.outcomes), again.output


def test_only_what_is_selected_is_asked(kubecheck: Kubecheck) -> None:
    run = kubecheck("-k", "node_ready")
    assert run.code == 0, run.output
    assert {check for check, _ in run.outcomes} == {"nodes.node_ready"}
    assert "deploy" not in run.verdict["timings"]
