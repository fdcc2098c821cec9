import dataclasses
import json
from random import Random

import pytest

from lab.faults import actions, commands
from lab.faults.fault import Fault
from lab.handle import Lab
from lab.settings import Settings
from lab.state import Record, State


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is up as far as its record tells; nothing of it runs."""
    monkeypatch.setenv("KUBECHECK_LAB_DIR", str(tmp_path))
    state = State("unit")
    state.directory.mkdir()
    record = Record(Settings(name="unit"), "up")
    (state.directory / "lab.json").write_text(json.dumps(record.to_json()))
    state.policy.write_text('profile = "runbook"\n')
    return Lab.load("unit")


class Calls(list):
    """What was done to the lab, and what goes wrong with it."""

    error = None

    def inject(self, lab, victims):
        self.append(("inject", dict(victims)))
        if self.error:
            raise self.error

    def heal(self, lab, victims):
        self.append(("heal", dict(victims)))
        if self.error:
            raise self.error


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def fault(calls, monkeypatch):
    """A fault that only notes what it is asked to do, in a catalogue with a second one."""
    one = Fault(
        name="broken-cable",
        breaks="A cable is broken.",
        choose=lambda lab, random: {"node": Random.choice(random, lab.nodes)},
        inject=calls.inject,
        heal=calls.heal,
        causes=("cable",),
        blames=("Node/{node}", "Cable"),
        red=("network.pod_*@pod:{node}", "dns.*"),
        policy='[dns]\noutside_name = "www.kubecheck.test"\n',
    )
    other = dataclasses.replace(one, name="broken-plug", policy="")
    known = {one.name: one, other.name: other}
    monkeypatch.setattr(actions, "fault_named", known.__getitem__)
    monkeypatch.setattr(commands, "fault_named", known.__getitem__)
    monkeypatch.setattr(commands, "faults", lambda: known)
    return one
