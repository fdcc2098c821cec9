"""Pod CIDRs that collide."""

from dataclasses import replace
from ipaddress import ip_network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.checks import CannotTell, NotApplicable, Policy
from kubecheck.cluster.reading import Reading
from kubecheck.policy.model import Network


def with_cidrs(facts, *cidrs):
    return replace(
        facts,
        nodes=tuple(
            replace(node, pod_cidrs=tuple(filter(None, cidr.split(","))))
            for node, cidr in zip(facts.nodes, cidrs, strict=True)
        ),
    )


@pytest.mark.parametrize(
    ("cidrs", "told"),
    [
        (("10.244.1.0/24", "10.244.2.0/24"), ""),
        (("10.244.1.0/24", "10.244.1.0/24"), "10.244.1.0/24 of node1 and 10.244.1.0/24 of node2"),
        (("10.244.0.0/16", "10.244.2.0/24"), "10.244.0.0/16 of node1 and 10.244.2.0/24 of node2"),
        (("10.244.1.0/24,fd00:1::/64", "10.244.2.0/24,fd00:2::/64"), ""),
        (("10.244.1.0/24,fd00:1::/64", "10.244.2.0/24,fd00:1::/64"), "fd00:1::/64 of node1"),
    ],
)
def test_overlapping_pod_cidrs_are_red(checks, facts, cidrs, told):
    judge = checks("controlplane", "test_pod_cidrs").test_pod_cidrs_are_apart
    given = with_cidrs(facts, *cidrs)
    if not told:
        judge(given)
        return
    with pytest.raises(AssertionError, match=told):
        judge(given)


networks = st.builds(
    lambda number, prefix: ip_network((number & ~((1 << (32 - prefix)) - 1), prefix)),
    st.integers(10 << 24, (10 << 24) + 4095),
    st.integers(20, 32),
)


@given(st.lists(networks, min_size=2, max_size=8))
def test_an_overlap_is_found_whenever_there_is_one(checks, found):
    overlaps = checks("controlplane", "test_pod_cidrs").overlaps
    ordered = sorted(
        ((network, "n") for network in found), key=lambda e: (int(e[0].network_address), e[0].prefixlen)
    )
    assert bool(overlaps(ordered)) == any(one.overlaps(other) for one, other in combinations(found, 2))


def test_a_node_without_a_pod_cidr(checks, facts):
    judge = checks("controlplane", "test_pod_cidrs").test_node_has_pod_cidr
    some, none = with_cidrs(facts, "10.244.1.0/24", ""), with_cidrs(facts, "", "")
    judge(some, Policy(), some.nodes[0])
    with pytest.raises(AssertionError, match=r"node2 has no podCIDR, and 1 of 2 nodes have one: node1"):
        judge(some, Policy(), some.nodes[1])
    with pytest.raises(NotApplicable):
        judge(none, Policy(), none.nodes[0])
    with pytest.raises(AssertionError):
        judge(none, Policy(network=Network(node_cidrs=True)), none.nodes[0])


def test_a_pod_cidr_inside_the_service_cidr(checks, facts):
    judge = checks("controlplane", "test_pod_cidrs").test_pod_cidrs_and_service_cidr
    published = replace(facts, service_cidrs=Reading(("10.96.0.0/12", "fd00::/108")))
    judge(with_cidrs(published, "10.244.1.0/24", "10.244.2.0/24"))
    with pytest.raises(AssertionError, match=r"10.100.2.0/24 of node2 and 10.96.0.0/12"):
        judge(with_cidrs(published, "10.244.1.0/24", "10.100.2.0/24"))
    # Before 1.33 only the addresses of Services are known.
    old = replace(facts, service_cidrs=Reading(problem="not there", absent=True))
    judge(with_cidrs(old, "10.244.1.0/24", "10.100.2.0/24"))
    with pytest.raises(AssertionError, match=r"10.96.0.0/24 of node2 and 10.96.0.1"):
        judge(with_cidrs(old, "10.244.1.0/24", "10.96.0.0/24"))


def test_a_nodes_address_inside_a_pod_cidr(checks, facts):
    judge = checks("controlplane", "test_pod_cidrs").test_node_addresses_are_apart
    judge(facts)
    with pytest.raises(
        AssertionError, match=r"192.168.232.2 of node node2 lies in pod CIDR 192.168.232.0/24 of node1"
    ):
        judge(with_cidrs(facts, "192.168.232.0/24", "10.244.2.0/24"))
    with pytest.raises(NotApplicable):
        judge(replace(with_cidrs(facts, "", ""), service_cidrs=Reading(absent=True)))


def test_a_service_cidr_that_could_not_be_read_is_not_an_absent_one(checks, facts):
    module = checks("controlplane", "test_pod_cidrs")
    unread = replace(facts, service_cidrs=Reading(problem="the Service CIDR: 403"))
    for judge in (module.test_pod_cidrs_and_service_cidr, module.test_node_addresses_are_apart):
        with pytest.raises(CannotTell, match="403"):
            judge(unread)
    with pytest.raises(AssertionError, match="lies in pod CIDR"):
        module.test_node_addresses_are_apart(with_cidrs(unread, "192.168.232.0/24", "10.244.2.0/24"))
