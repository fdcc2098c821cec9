from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.checks import Ping, Vantage
from kubecheck.outcomes import CannotTell
from kubecheck.policy import Policy
from tests.nodes.test_kubelets import read_only_ports


def names(count):
    return [f"node{number:03}" for number in range(count)]


def policy(full_mesh, targets):
    return Policy.model_validate({"network": {"full_mesh_nodes": full_mesh, "sample_targets": targets}})


@given(count=st.integers(1, 20))
def test_a_small_cluster_asks_every_node_its_own_among_them(site_at, count):
    for here in names(count):
        assert site_at(names(count), here).nodes_to_ask() == names(count)


@given(
    count=st.integers(3, 60),
    full_mesh=st.integers(2, 30),
    targets=st.integers(1, 100),
    run=st.text(max_size=8),
)
def test_in_a_sample_each_node_is_asked_as_often_as_it_asks(site_at, count, full_mesh, targets, run):
    asked = {
        here: site_at(names(count), here, policy(full_mesh, targets), run).nodes_to_ask()
        for here in names(count)
    }
    for here, targets_of_it in asked.items():
        assert here in targets_of_it
        assert len(set(targets_of_it)) == len(targets_of_it), "nobody is asked twice"
    expected = count if count <= full_mesh else 1 + min(targets, count - 1)
    times = Counter(name for targets_of_it in asked.values() for name in targets_of_it)
    assert {len(targets_of_it) for targets_of_it in asked.values()} == {expected}
    assert set(times.values()) == {expected}
    assert set(times) == set(names(count))


@given(count=st.integers(3, 40), targets=st.integers(1, 6))
def test_in_a_sample_the_next_node_on_the_ring_is_asked(site_at, count, targets):
    everyone = names(count)
    for position, here in enumerate(everyone):
        assert everyone[(position + 1) % count] in site_at(everyone, here, policy(2, targets)).nodes_to_ask()


def test_the_sample_is_the_runs_own_and_stays_the_same_in_it(site_at):
    samples = {
        run: tuple(site_at(names(50), "node007", run=run).nodes_to_ask()) for run in ("r1", "r2", "r3", "r4")
    }
    assert len(set(samples.values())) > 1
    assert samples["r1"] == tuple(site_at(names(50), "node007", run="r1").nodes_to_ask())


def test_a_node_is_asked_at_its_first_address_of_each_family_or_at_its_first(site_at):
    here = site_at(["n1", "n2"], "n1")
    addresses = {"n1": ("10.0.0.1", "fd00::1", "10.0.0.9"), "n2": ()}
    nodes = tuple(replace(node, addresses=addresses[node.name]) for node in here.facts.nodes)
    here = replace(here, vantage=Vantage("node", "n1"), facts=replace(here.facts, nodes=nodes))
    for each_family, expected in ((True, ["n1", "n1 over IPv6", "n2"]), (False, ["n1", "n2"])):
        asked = here.node_addresses_to_ask(lambda address, _: Ping(address), each_family=each_family)
        assert list(asked) == expected
        assert asked["n1"].host == "10.0.0.1"
        assert "n2 has no InternalIP" in str(asked["n2"])


def test_the_read_only_port_is_looked_at_over_both_families(site_at):
    here = site_at(["n1"], "n1")
    both = replace(here.facts.nodes[0], addresses=("10.0.0.1", "fd00::1"))
    here = replace(here, vantage=Vantage("node", "n1"), facts=replace(here.facts, nodes=(both,)))
    assert [question.key for question in read_only_ports(here).values()] == [
        "tcp 10.0.0.1:10255", "tcp [fd00::1]:10255"
    ]  # fmt: skip


def test_the_origin_is_told_in_words(site_at):
    assert site_at(["n1", "n2"], "n2").origin == "pod kubecheck-r1/probe-n2 on node n2"


def test_a_site_knows_its_node_and_its_probe(site_at):
    here = site_at(["n1", "n2"], "n2")
    assert here.node.name == "n2"
    assert (here.probe.node, here.probe.network) == ("n2", "pod")


def test_without_a_probe_pod_nothing_can_be_asked(site_at, standing):
    with pytest.raises(CannotTell, match="no probe pod stands on node n9"):
        standing.probe("pod", "n9")
