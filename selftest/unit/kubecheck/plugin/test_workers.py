"""What the processes of pytest-xdist are spared."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from kubecheck.plugin.workers import Quiet
from selftest.unit.kubecheck.conftest import save_made

TELLING = """
import os

def pytest_sessionfinish():
    name = os.environ.get("PYTEST_XDIST_WORKER", "controller")
    with open(f"policy-{name}", "w") as file:
        file.write(str(os.sched_getscheduler(0)))
"""
STARTING = """
from pathlib import Path
from kubecheck.plugin.run import Run

def start_fleet(self, nodeids):
    Path("started").write_text(f"{len(list(nodeids))} items")

Run.start_fleet = start_fleet
"""


@pytest.mark.parametrize(
    "options",
    [(), ("-d",), ("--dist", "loadscope"), ("-n", "2"), ("--dist", "each", "--tx", "2*popen"), ("-n", "0")],
    ids=" ".join,
)
def test_the_probe_pods_are_started_once_however_the_work_is_divided(facts_of, tmp_path, options):
    save_made(facts_of(("node1", "node2")), tmp_path / "record.json")
    (tmp_path / "starting.py").write_text(STARTING)
    done = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "--replay", "record.json", "-k", "node_ready",
         "-p", "starting", *options],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "started").read_text() == "2 items"
    assert json.loads((tmp_path / "reports/verdict.json").read_text())["counts"]["passed"] == 2


def test_a_worker_keeps_no_reports():
    terminal = SimpleNamespace(stats={"passed": [object()], "": [object()]})
    plugins = SimpleNamespace(get_plugin={"terminalreporter": terminal}.get)
    Quiet(SimpleNamespace(pluginmanager=plugins)).pytest_runtest_logreport()
    assert terminal.stats == {}


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such class of processes")
@pytest.mark.parametrize("own", ["SCHED_OTHER", "SCHED_IDLE"])
def test_processes_do_not_interrupt_each_other_and_get_no_more_than_they_had(facts_of, tmp_path, own):
    save_made(facts_of(("node1", "node2")), tmp_path / "record.json")
    (tmp_path / "telling.py").write_text(TELLING)
    done = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "--replay", "record.json", "-k", "node_ready", "-n", "2",
         "-p", "telling"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=lambda: os.sched_setscheduler(0, getattr(os, own), os.sched_param(0)),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = os.SCHED_BATCH if own == "SCHED_OTHER" else getattr(os, own)
    told = {file.name: int(file.read_text()) for file in tmp_path.glob("policy-*")}
    assert told == dict.fromkeys(("policy-controller", "policy-gw0", "policy-gw1"), wanted)
