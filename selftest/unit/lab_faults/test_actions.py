import dataclasses

import pytest

from lab.errors import LabError
from lab.faults import actions
from lab.faults.ledger import Ledger


def test_the_same_seed_has_the_same_victims(lab, fault):
    first = actions.inject(lab, fault.name, 11)
    actions.heal(lab, fault.name)
    assert actions.inject(lab, fault.name, 11) == first


def test_seeds_reach_every_node(lab, fault):
    found = set()
    for seed in range(60):
        found.add(actions.inject(lab, fault.name, seed).victims["node"])
        actions.heal(lab, fault.name)
    assert found == set(lab.nodes)


def test_faults_draw_apart(lab, fault):
    other = dataclasses.replace(fault, name="broken-plug")
    same = [fault.choose(lab, fault.drawing(n)) == other.choose(lab, other.drawing(n)) for n in range(60)]
    assert not all(same)


def test_a_node_can_be_asked_for(lab, fault):
    assert actions.inject(lab, fault.name, 3, "k8s-master02").victims == {"node": "k8s-master02"}


def test_a_node_that_the_lab_does_not_have(lab, fault, calls):
    with pytest.raises(LabError, match="There is no node 'k8s-node09'"):
        actions.inject(lab, fault.name, 3, "k8s-node09")
    assert calls == []
    assert Ledger.of(lab).entries() == {}


def test_a_fault_that_is_in_effect_is_left_alone(lab, fault, calls):
    first = actions.inject(lab, fault.name, 1)
    assert actions.inject(lab, fault.name, 2) == first
    assert len(calls) == 1


def test_a_fault_that_got_stuck_is_completed_at_its_old_victims(lab, fault, calls):
    calls.error = LabError("no")
    with pytest.raises(LabError):
        actions.inject(lab, fault.name, 1)
    entry = Ledger.of(lab).entries()[fault.name]
    assert entry.phase == "injecting"
    calls.error = None
    assert actions.inject(lab, fault.name, 2).victims == entry.victims
    assert Ledger.of(lab).entries()[fault.name].phase == "in effect"


def test_a_fault_that_got_stuck_can_be_healed(lab, fault, calls):
    calls.error = LabError("no")
    with pytest.raises(LabError):
        actions.inject(lab, fault.name, 1)
    calls.error = None
    assert actions.heal(lab, fault.name)
    assert Ledger.of(lab).entries() == {}


def test_what_could_not_be_healed_is_still_known(lab, fault, calls):
    actions.inject(lab, fault.name, 1)
    calls.error = LabError("no")
    with pytest.raises(LabError):
        actions.heal(lab, fault.name)
    assert fault.name in Ledger.of(lab).entries()


def test_a_fault_that_is_not_in_is_no_error(lab, fault, calls):
    assert not actions.heal(lab, fault.name)
    assert calls == []
