import dataclasses

import pytest

from lab.errors import LabError

VICTIMS = {"node": "k8s-node02"}


def test_blame_falls_on_the_victims(fault):
    assert fault.blamed(VICTIMS) == ("Node/k8s-node02", "Cable")


@pytest.mark.parametrize(
    ("check", "vantage", "may"),
    [
        ("network.pod_to_pod", "pod:k8s-node02", True),
        ("network.pod_to_pod", "pod:k8s-node01", False),
        ("network.node_to_pod", "pod:k8s-node02", False),
        ("dns.srv_record", "pod:k8s-node01", True),
        ("certs.authority_valid", "api", False),
    ],
)
def test_what_may_turn_red(fault, check, vantage, may):
    assert fault.may_turn_red(check, vantage, VICTIMS) is may


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({"masters": 4}, "needs 4 masters, and this lab has 3"),
        ({"workers": 3}, "needs 3 workers, and this lab has 2"),
        ({"nodes": 6}, "needs 6 nodes, and this lab has 5"),
    ],
)
def test_a_lab_that_is_too_small(fault, lab, needs, said):
    with pytest.raises(LabError, match=said):
        dataclasses.replace(fault, **needs).require(lab)
    fault.require(lab)
