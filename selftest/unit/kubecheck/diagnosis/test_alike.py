"""How many nodes a sentence and a command name."""

import pytest

from kubecheck.diagnosis.alike import listed, named

MANY = [f"n{number}" for number in range(1, 13)]


@pytest.mark.parametrize(
    ("nodes", "said"),
    [(MANY[:1], "node n1"), (MANY[:2], "nodes n1, n2"), (MANY, "nodes n1, n2, n3, n4, n5 and 7 more")],
)
def test_a_few_nodes_are_named_and_the_others_counted(nodes, said):
    assert named(nodes) == named(iter(nodes)) == said
    assert listed(nodes) == said.partition(" ")[2]
