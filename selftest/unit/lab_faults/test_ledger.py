import pytest

from lab.errors import LabError
from lab.faults.ledger import Entry, Ledger


def test_a_fault_is_remembered_by_the_next_process(tmp_path):
    Ledger(tmp_path).write("broken-cable", Entry({"node": "k8s-node02"}, 7, "in effect"))
    assert Ledger(tmp_path).entries() == {"broken-cable": Entry({"node": "k8s-node02"}, 7, "in effect")}


def test_faults_stay_in_their_order(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.write("one", Entry({}, 1))
    ledger.write("another", Entry({}, 2))
    ledger.write("one", Entry({}, 1, "in effect"))
    assert list(ledger.entries()) == ["one", "another"]


def test_only_what_was_kept_first_counts(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.keep("one", "replicas", 2)
    ledger.keep("one", "replicas", 0)
    ledger.keep("another", "replicas", 3)
    assert Ledger(tmp_path).kept("one") == {"replicas": 2}


def test_a_healed_fault_is_forgotten_with_what_was_kept(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.write("one", Entry({}, 1))
    ledger.keep("one", "replicas", 2)
    ledger.remove("one")
    assert ledger.entries() == {}
    assert ledger.kept("one") == {}


def test_what_is_kept_is_for_its_owner_alone(tmp_path):
    Ledger(tmp_path).keep("one", "token", "secret")
    assert (tmp_path / "faults.json").stat().st_mode & 0o077 == 0


def test_a_damaged_ledger_is_said_so(tmp_path):
    (tmp_path / "faults.json").write_text("{")
    with pytest.raises(LabError, match="is damaged"):
        Ledger(tmp_path).entries()


def test_whether_there_are_several(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.write("one", Entry({}, 1))
    assert not ledger.several()
    ledger.write("another", Entry({}, 2))
    assert ledger.several()
