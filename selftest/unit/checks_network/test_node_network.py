"""A node's network as its kernel tells it."""

from dataclasses import replace

import pytest

from kubecheck.outcomes import CannotTell
from kubecheck.probes import Raw, ReadForwarding, Route


@pytest.mark.parametrize(
    ("text", "ipv4", "ipv6"),
    [
        ("1\n1\n", True, True),
        ("0\n1\n", False, True),
        ("1\n", True, None),
        ("", None, None),
        ("10\n", None, None),
    ],
)
def test_forwarding_is_read_for_both_families(text, ipv4, ipv6):
    answer = ReadForwarding().read(Raw(0, text.encode(), 0.01), "node n1")
    assert (answer.ipv4, answer.ipv6) == (ipv4, ipv6)


@pytest.mark.parametrize(
    ("text", "got"), [("1\n0\n", "IPv4 1, IPv6 0"), ("0\n1\n", "IPv4 0, IPv6 1"), ("1\n", "IPv4 1, no IPv6")]
)
def test_both_families_are_told(text, got):
    assert ReadForwarding().read(Raw(0, text.encode(), 0.01), "node n1").got == got


@pytest.mark.parametrize(
    ("status", "text", "device"),
    [
        (0, "172.16.1.41 via 172.16.1.0 dev vxlan.1  src 172.16.0.0 \n", "vxlan.1"),
        (0, "10.0.0.1 dev eth0  src 10.0.0.2 \n", "eth0"),
        (2, "RTNETLINK answers: Network is unreachable\n", ""),
    ],
)
def test_the_device_of_a_route_is_read(status, text, device):
    assert Route("172.16.1.41").read(Raw(status, text.encode(), 0.01), "node n1").device == device


IPV4_ONLY = ReadForwarding().read(Raw(0, b"1\n0\n", 0.01), "node node1")
IPV6_ONLY = ReadForwarding().read(Raw(0, b"0\n1\n", 0.01), "node node1")


@pytest.mark.parametrize(
    ("cidrs", "pods", "own", "families"),
    [
        (("10.244.1.0/24",), ("fd00:1::5",), "fd00::1", ["IPv4"]),
        (("fd00:1::/64",), (), "192.168.232.1", ["IPv6"]),
        (("10.244.1.0/24", "fd00:1::/64"), (), "192.168.232.1", ["IPv4", "IPv6"]),
        ((), ("fd00:1::5",), "192.168.232.1", ["IPv6"]),
        ((), ("10.244.1.5", "fd00:1::5"), "192.168.232.1", ["IPv4", "IPv6"]),
        ((), (), "fd00::1", ["IPv6"]),
        ((), (), "192.168.232.1", ["IPv4"]),
        ((), None, "fd00::1", ["IPv6"]),
    ],
    ids=str,
)
def test_a_node_forwards_in_the_families_of_its_pods(checks, facts, standing, cidrs, pods, own, families):
    check = checks("test_forwarding").test_node_forwards
    node = replace(facts.node("node1"), pod_cidrs=cidrs, addresses=(own,))
    if pods is None:  # where this check alone is asked for, none stands on the pod network
        probes = tuple(each for each in standing.probes if each.network == "node")
    else:
        probes = tuple(
            replace(each, address="".join(pods[:1]), addresses=pods) if each.node == "node1" else each
            for each in standing.probes
        )
    for answer, lacking in ((IPV4_ONLY, "IPv6"), (IPV6_ONLY, "IPv4")):
        if lacking in families:
            with pytest.raises(AssertionError, match=r"ip_forward = 1|forwarding = 1"):
                check(answer, node, replace(standing, probes=probes))
        else:
            check(answer, node, replace(standing, probes=probes))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1\n0\n", "net.ipv6.conf.all.forwarding = 1"),
        (b"0\n1\n", "net.ipv4.ip_forward = 1"),
        (b"0\n0\n", "net.ipv4.ip_forward = 1 and net.ipv6.conf.all.forwarding = 1"),
    ],
)
def test_what_is_off_is_expected_to_be_on_and_nothing_else(checks, facts, standing, text, expected):
    node = replace(facts.node("node1"), pod_cidrs=("10.244.1.0/24", "fd00:1::/64"))
    answer = ReadForwarding().read(Raw(0, text, 0.01), "node node1")
    with pytest.raises(AssertionError, match=rf"; expected {expected}$"):
        checks("test_forwarding").test_node_forwards(answer, node, standing)


def test_of_which_family_the_pods_of_a_node_are_may_be_untold(checks, facts, standing):
    node = replace(facts.node("node1"), pod_cidrs=(), addresses=())
    with pytest.raises(CannotTell, match="no InternalIP"):
        checks("test_forwarding").test_node_forwards(IPV4_ONLY, node, replace(standing, probes=()))
