"""A run that ends before all of its checks were judged says so, and is never READY."""

import json
import os
import subprocess
import sys

import pytest

from selftest.unit.kubecheck.conftest import save_made, with_full_disk

STOPS = """
import os, pytest

def interrupt():
    raise KeyboardInterrupt("enough")

interrupt.__code__ = interrupt.__code__.replace(co_linetable=b"")  # as where a signal comes between two lines

judged = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    yield
    judged.append(item)
    if len(judged) == 2:
        %s
"""
READING = """
import kubecheck.plugin.begin

def read(*_):
    raise KeyboardInterrupt("enough")

kubecheck.plugin.begin.load_record = read
"""
FAILING_HOOK = """
def pytest_keyboard_interrupt():
    raise TypeError("provoked")
"""


@pytest.fixture
def record(facts_of, tmp_path):
    """A record of which both checks that are asked for pass on all nodes."""
    return save_made(facts_of(("node1", "node2", "node3")), tmp_path / "record.json")


@pytest.fixture
def broken(record, facts_of):
    """The same, but for a node whose disk is full."""
    facts = with_full_disk(facts_of(("node1", "node2", "node3")))
    return save_made(facts, record.with_name("broken.json"))


@pytest.fixture
def stopped(record, tmp_path):
    """Runs with a plugin; answers with the exit code, what was printed and the verdict for programs."""

    def run(plugin, *options, record=record):
        (tmp_path / "stopping.py").write_text(plugin)
        ran = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "--replay", record, "-p", "stopping",
             "-k", "node_ready or node_without_pressure", *options],
            cwd=tmp_path, text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        return ran.returncode, ran.stdout, json.loads((tmp_path / "reports/verdict.json").read_text())

    return run


def test_what_is_stopped_here_would_else_be_ready(stopped):
    code, said, verdict = stopped("")
    assert (code, verdict["verdict"], verdict["interrupted"]) == (0, "READY", False), said


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_an_interruption_between_two_lines(stopped, processes):
    code, said, verdict = stopped(STOPS % "interrupt()", *processes)
    assert (code, verdict["verdict"], verdict["interrupted"]) == (2, "UNDECIDED", True), said
    assert "verdict: UNDECIDED (stopped before its end" in said
    assert "Traceback" not in said


def test_causes_of_a_stopped_run_are_not_looked_for_and_none_is_gone(stopped, broken):
    pressure = ("-k", "node_without_pressure")
    code, said, before = stopped("", *pressure, record=broken)
    assert (code, [cause["id"] for cause in before["causes"]]) == (1, ["node-pressure"]), said
    again = (*pressure, "--compare-with", "reports/verdict.json")
    code, said, verdict = stopped(STOPS % "interrupt()", *again, record=broken)
    assert (code, verdict["verdict"], verdict["diagnosed"]) == (2, "NOT READY", False), said
    assert verdict["causes"] == verdict["since"]["causes_gone"] == []
    assert [each["vantage"] for each in verdict["unexplained"]] == ["api:node1"]
    assert "causes were not looked for" in said
    assert "cause gone" not in said


@pytest.mark.parametrize("options", [("-x",), ("-x", "-n", "2"), ("-x", "--dist", "load")])
def test_a_stop_at_the_first_failure_tells_its_cause(stopped, broken, options):
    code, said, verdict = stopped("", *options, record=broken)
    assert (code, verdict["verdict"], verdict["interrupted"]) == (1, "NOT READY", True), said
    assert [cause["id"] for cause in verdict["causes"]] == ["node-pressure"]


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_an_interruption_after_a_failure_waits_for_no_cause(stopped, broken, processes):
    code, said, verdict = stopped(STOPS % "interrupt()", *processes, record=broken)
    assert (code, verdict["interrupted"], verdict["causes"]) == (2, True, []), said


def test_an_interruption_while_the_cluster_is_read_leaves_no_verdict_of_before(stopped):
    assert stopped("")[2]["verdict"] == "READY"
    code, said, verdict = stopped(READING)
    assert (code, verdict["verdict"]) == (11, "NO VERDICT"), said
    assert "verdict: NO VERDICT (the run was stopped while it read the cluster)" in said


def test_an_interruption_at_which_a_hook_fails(stopped):
    code, said, verdict = stopped(STOPS % "interrupt()" + FAILING_HOOK)
    assert code != 0
    assert (verdict["verdict"], verdict["interrupted"]) == ("UNDECIDED", True), said


def test_a_plugin_that_ends_the_run_as_if_all_were_well(stopped):
    code, said, verdict = stopped(STOPS % "pytest.exit('enough', returncode=0)")
    assert (code, verdict["verdict"], verdict["interrupted"]) == (10, "UNDECIDED", True), said


def test_a_process_that_dies(stopped):
    code, said, verdict = stopped(STOPS % "os._exit(9)", "-n", "2", "--max-worker-restart", "0")
    assert code != 0
    assert (verdict["verdict"], verdict["interrupted"]) == ("UNDECIDED", True), said


def test_a_process_that_dies_is_replaced_and_what_it_had_left_is_judged(stopped, tmp_path):
    died = str(tmp_path / "died")
    once = f"os.path.exists({died!r}) or (open({died!r}, 'x'), os._exit(9))"
    code, said, verdict = stopped(STOPS % once, "-n", "2")
    assert code != 0
    assert (verdict["verdict"], verdict["interrupted"]) == ("UNDECIDED", True), said
    judged = {(result["id"], result["vantage"]) for result in verdict["checks"]}
    assert len(judged) == len(verdict["checks"]) == 6, said
