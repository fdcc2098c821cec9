from kubecheck.checks import API, EACH_NODE, FLEET, NODES, PODS, At, Vantage


def shown(at, facts):
    return [str(vantage) for vantage in at.vantages(facts)]


def test_each_kind_of_vantage_alone(facts):
    assert shown(API, facts) == ["api"]
    assert shown(EACH_NODE, facts) == ["api:node1", "api:node2"]
    assert shown(PODS, facts) == ["pod:node1", "pod:node2"]
    assert shown(NODES, facts) == ["node:node1", "node:node2"]
    assert shown(FLEET, facts) == ["fleet"]


def test_the_order_is_the_same_however_they_are_joined(facts):
    everything = API | EACH_NODE | PODS | NODES | FLEET
    expected = [
        "api",
        "api:node1",
        "api:node2",
        "pod:node1",
        "pod:node2",
        "node:node1",
        "node:node2",
        "fleet",
    ]
    assert shown(everything, facts) == expected
    assert shown(FLEET | NODES | PODS | EACH_NODE | API, facts) == expected


def test_a_windows_node_is_a_vantage_too_so_that_it_is_told(facts_of):
    facts = facts_of(("linux1",), windows=("windows1",))
    assert shown(EACH_NODE, facts) == ["api:linux1", "api:windows1"]
    assert shown(PODS | NODES, facts) == ["pod:linux1", "pod:windows1", "node:linux1", "node:windows1"]


def test_no_vantage_is_one_of_no_check(facts):
    assert At(0).vantages(facts) == []


def test_a_vantage_shows_itself_the_same_everywhere():
    assert repr(Vantage("pod", "n1")) == str(Vantage("pod", "n1")) == "pod:n1"
    assert repr(Vantage("fleet")) == "fleet"
    assert Vantage("pod", "n1") == Vantage("pod", "n1")
    assert len({Vantage("pod", "n1"), Vantage("pod", "n1"), Vantage("node", "n1")}) == 2
