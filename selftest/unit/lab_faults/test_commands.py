import os
import subprocess
import sys

import pytest

from lab.cli import main
from lab.faults import commands
from lab.faults.ledger import Ledger


def run(*words):
    return main(["fault", *words, "--name", "unit"])


def test_inject_tells_victims_seed_and_what_to_expect(lab, fault, capsys):
    assert run("inject", fault.name, "--seed", "5", "--node", "k8s-node01") == 0
    said = capsys.readouterr().out
    assert "victims:  node k8s-node01\n" in said
    assert "seed:     5\n" in said
    assert "cause:    cable\n" in said
    assert "to blame: Node/k8s-node01, Cable\n" in said


def test_the_policy_of_a_run_promises_what_the_fault_needs(lab, fault, capsys):
    run("inject", fault.name)
    policy = lab.directory / "policy-with-faults.toml"
    assert f"--policy {policy}\n" in capsys.readouterr().out
    assert policy.read_text() == 'profile = "runbook"\n\n[dns]\noutside_name = "www.kubecheck.test"\n'
    run("heal", fault.name)
    assert not policy.exists()


def test_all_are_healed_the_newest_first(lab, fault, capsys, monkeypatch):
    waited = []
    monkeypatch.setattr(commands.wellbeing, "until_well", waited.append)
    run("inject", "broken-cable")
    run("inject", "broken-plug")
    capsys.readouterr()
    assert run("heal", "--all") == 0
    assert capsys.readouterr().out == "broken-plug is healed.\nbroken-cable is healed.\n"
    assert len(waited) == 1
    assert run("heal", "--all") == 0
    assert capsys.readouterr().out == "There is no fault in the lab.\n"


def test_healing_what_is_not_in_says_so(lab, fault, capsys):
    assert run("heal", fault.name) == 0
    assert capsys.readouterr().out == "broken-cable is not in the lab.\n"


def test_list_marks_what_is_in(lab, fault, capsys):
    run("inject", fault.name, "--seed", "5", "--node", "k8s-node01")
    capsys.readouterr()
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "broken-cable  A cable is broken."
    assert lines[1].strip() == "^ in effect: node k8s-node01 (seed 5)"
    assert lines[2] == "broken-plug   A cable is broken."


def test_list_needs_no_lab(tmp_path, monkeypatch, fault, capsys):
    monkeypatch.setenv("KUBECHECK_LAB_DIR", str(tmp_path))
    assert run("list") == 0
    assert "broken-cable" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("heal",), ("heal", "broken-cable", "--all")])
def test_heal_is_told_what(lab, fault, capsys, words):
    assert run(*words) == 1
    assert "Say which fault to heal, or --all" in capsys.readouterr().err


def test_a_lab_that_is_not_up(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KUBECHECK_LAB_DIR", str(tmp_path))
    assert run("inject", "dns-scaled-to-zero") == 1
    assert capsys.readouterr().err == ("lab: The lab 'unit' is not up: run `python -m lab up --name unit`.\n")


def test_a_fault_that_nobody_knows(lab, capsys):
    assert run("inject", "dns-on-holiday") == 1
    assert capsys.readouterr().err.count("There is no fault 'dns-on-holiday'") == 1
    assert Ledger.of(lab).entries() == {}


def test_whoever_has_read_enough_is_no_trouble():
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "lab", "fault", "list"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")
