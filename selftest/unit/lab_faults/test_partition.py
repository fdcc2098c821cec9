"""Two groups of nodes are apart: every way between them is cut and mended, and none within them."""

from lab.faults import podnetwork, wellbeing
from lab.faults.catalogue import fault_named

FAULT = fault_named("pod-network-partition")


def test_every_way_between_the_groups_is_cut_and_mended(lab, monkeypatch):
    cut, mended = [], []
    monkeypatch.setattr(podnetwork, "cut", lambda _lab, entry, *pair: cut.append((entry, pair)))
    monkeypatch.setattr(podnetwork, "mend", lambda _lab, *pair: mended.append(pair))
    monkeypatch.setattr(wellbeing, "until_well", lambda _lab: None)
    victims = FAULT.choose(lab, FAULT.drawing(1))
    two = {victims["source"], victims["target"]}
    assert len(two) == 2
    FAULT.inject(lab, victims)
    FAULT.heal(lab, victims)
    between = {(a, b) for a in lab.nodes for b in lab.nodes if (a in two) != (b in two)}
    assert sorted(mended) == sorted(between)
    assert cut == [(victims["entry"], pair) for pair in mended]


def test_the_smaller_group_is_to_blame(lab):
    FAULT.require(lab)
    victims = FAULT.choose(lab, FAULT.drawing(1))
    assert FAULT.blamed(victims) == (f"Node/{victims['source']}", f"Node/{victims['target']}")
