"""What breaks in networks while ping and small requests go on working, put into the lab and seen."""

from collections.abc import Callable, Iterator

import pytest

from lab.handle import Lab
from selftest.lab.conftest import Run
from selftest.lab.test_verdict import vantages

Kubecheck = Callable[..., Run]
Rule = Callable[..., None]


@pytest.fixture
def rule(lab: Lab) -> Iterator[Rule]:
    """Put a rule of iptables into a node; it is taken out again when the test is over."""
    put: list[tuple[str, list[str]]] = []

    def insert(node: str, table: str, chain: str, *spec: str) -> None:
        lab.exec_on_node(node, ["iptables", "-w", "-t", table, "-I", chain, *spec]).check_returncode()
        put.append((node, ["iptables", "-w", "-t", table, "-D", chain, *spec]))

    yield insert
    for node, command in put:
        lab.exec_on_node(node, command)


def messages(run: Run, check: str) -> dict[str, str]:
    """What a check said, by vantage."""
    return {c["vantage"]: c["message"] for c in run.verdict["checks"] if c["id"] == f"network.{check}"}


def pod_cidr(lab: Lab, node: str) -> str:
    """The node's part of the pod network, as its own route to it says."""
    own = lab.exec_on_node(node, ["ip", "-o", "-4", "addr", "show", "dev", "vxlan.1"]).stdout.split()
    return own[own.index("inet") + 1].replace("/32", "/24")


def test_an_overlay_that_loses_big_packets(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    node = lab.nodes[-1]
    big = ["-p", "udp", "--dport", "8472", "-m", "length", "--length", "1000:65535"]
    rule(node, "filter", "INPUT", *big, "-j", "DROP")
    run = kubecheck("-k", "large_transfer or pod_to or node_to")
    assert run.code == 1, run.output
    # Nothing but large transfers shows it, and there the node and all others.
    assert set(vantages(run.with_outcome("failed"))) == {
        "network.large_transfer",
        "network.large_transfer_through_service",
    }
    said = messages(run, "large_transfer")[f"pod:{node}"]
    assert said.startswith(f"4 of 5 fail: {', '.join(lab.nodes[:-1])}\n"), said
    assert "0 bytes, then no more came" in said
    assert "expected 131072 bytes" in said


def test_a_masquerading_rule_that_is_too_wide(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    node = lab.nodes[-1]
    rule(node, "nat", "POSTROUTING", "-s", pod_cidr(lab, node), "-d", "172.16.0.0/16", "-j", "MASQUERADE")
    run = kubecheck("-k", "pod_to or source_address")
    assert vantages(run.with_outcome("failed")) == {"network.source_address_is_kept": {f"pod:{node}"}}
    assert "this pod's own address, and it saw" in messages(run, "source_address_is_kept")[f"pod:{node}"]


def test_a_firewall_that_loses_datagrams(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    node = lab.nodes[-1]
    rule(node, "filter", "FORWARD", "-p", "udp", "--dport", "8081", "-j", "DROP")
    run = kubecheck("-k", "pod_to_pod")
    # Into the node and out of it: every pod misses that node's pod, and its own pod all the others.
    assert vantages(run.with_outcome("failed")) == {
        "network.pod_to_pod_over_udp": {f"pod:{name}" for name in lab.nodes}
    }
    said = messages(run, "pod_to_pod_over_udp")
    assert said[f"pod:{lab.nodes[0]}"].startswith(f"1 of 5 fail: {node}\n")
    assert said[f"pod:{node}"].startswith(f"4 of 5 fail: {', '.join(lab.nodes[:-1])}\n")


def test_a_node_whose_ports_are_shut(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    node = lab.nodes[-1]
    rule(node, "raw", "PREROUTING", "-i", "eth0", "-p", "tcp", "--dport", "30000:32767", "-j", "DROP")
    rule(node, "filter", "INPUT", "-p", "icmp", "--icmp-type", "echo-request", "-i", "eth0", "-j", "DROP")
    run = kubecheck("-k", "(node_port or node_to_node) and not dashboard")
    others = {f"{kind}:{name}" for kind in ("pod", "node") for name in lab.nodes[:-1]}
    assert vantages(run.with_outcome("failed")) == {
        "network.node_port": others,
        "network.node_to_node_by_ping": {name for name in others if name.startswith("node:")},
    }
    for check in ("node_port", "node_to_node_by_ping"):
        assert messages(run, check)[f"node:{lab.nodes[0]}"].startswith(f"1 of 5 fail: {node}\n")


def test_an_endpoint_out_of_reach_is_named(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    # On three of five nodes, so that one of the three replicas at least is behind it.
    for node in lab.nodes[2:]:
        rule(
            node, "filter", "FORWARD", "-d", pod_cidr(lab, node), "-p", "tcp", "--dport", "8080", "-j", "DROP"
        )
    run = kubecheck("-k", "service_spreads")
    said = messages(run, "service_spreads")[f"pod:{lab.nodes[0]}"]
    assert run.code == 1, run.output
    assert "expected answers of all 3 endpoints, and never came one of kubecheck-" in said
