"""A verdict is compared to the fault that was in the lab."""

import pytest

from selftest.faults.judgement import Injected, judge

MTU = Injected("mtu-black-hole", {"source": "n1", "target": "n2"})
TAINT = Injected("tainted-node", {"node": "n1"})
RIGHT = {
    "id": "mtu-black-hole",
    "blames": ["Node/n1", "Node/n2"],
    "explains": [{"check": "nodes.exec", "vantage": "kubectl:n3"}],
}
RED = {"id": "network.large_transfer", "vantage": "pod:n1", "outcome": "failed"}


def verdict(word="NOT READY", checks=(RED,), causes=(RIGHT,), unexplained=()):
    return {"verdict": word, "checks": checks, "causes": causes, "unexplained": unexplained}


def test_a_verdict_that_is_right_in_everything():
    assert judge(verdict(), [MTU]).right


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"word": "READY", "checks": (), "causes": ()}, "not caught"),
        ({"causes": ()}, "no cause"),
        ({"causes": ({**RIGHT, "blames": ["Node/n3"]},)}, "mtu-black-hole (Node/n3)"),
        ({"causes": (RIGHT, {"id": "clock-skew", "blames": ["Node/n1"], "explains": []})}, "clock-skew"),
        ({"checks": (RED, {**RED, "vantage": "pod:n3"})}, "collateral: network.large_transfer@pod:n3"),
        ({"checks": (RED, {**RED, "id": "nodes.x", "outcome": "unknown"})}, "collateral: nodes.x@pod:n1"),
        ({"unexplained": ({"check": "dns.x", "vantage": "api"},)}, "unexplained: dns.x@api"),
    ],
)
def test_each_way_of_being_wrong_is_told(wrong, told):
    judgement = judge(verdict(**wrong), [MTU])
    assert not judgement.right
    assert told in str(judgement)


def test_what_cannot_be_told_for_a_known_cause_is_no_alarm():
    untold = {"id": "nodes.exec", "vantage": "kubectl:n3", "outcome": "unknown"}
    assert judge(verdict(checks=(RED, untold)), [MTU]).right
    assert not judge(verdict(checks=(RED, {**untold, "outcome": "failed"})), [MTU]).right


def test_what_is_no_fault_must_be_ready():
    good = verdict("READY", checks=(), causes=())
    assert judge(good, [TAINT]).right
    assert not judge(verdict(causes=()), [TAINT]).right
