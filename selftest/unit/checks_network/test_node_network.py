"""A node's network as its kernel tells it."""

import pytest

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
    ("status", "text", "device"),
    [
        (0, "172.16.1.41 via 172.16.1.0 dev vxlan.1  src 172.16.0.0 \n", "vxlan.1"),
        (0, "10.0.0.1 dev eth0  src 10.0.0.2 \n", "eth0"),
        (2, "RTNETLINK answers: Network is unreachable\n", ""),
    ],
)
def test_the_device_of_a_route_is_read(status, text, device):
    assert Route("172.16.1.41").read(Raw(status, text.encode(), 0.01), "node n1").device == device
