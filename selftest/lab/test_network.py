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


def test_a_masquerading_rule_that_is_too_wide(kubecheck: Kubecheck, lab: Lab, rule: Rule) -> None:
    node = lab.nodes[-1]
    rule(node, "nat", "POSTROUTING", "-s", pod_cidr(lab, node), "-d", "172.16.0.0/16", "-j", "MASQUERADE")
    run = kubecheck("-k", "pod_to or source_address")
    assert vantages(run.with_outcome("failed")) == {"network.source_address_is_kept": {f"pod:{node}"}}
    said = messages(run, "source_address_is_kept")[f"pod:{node}"]
    assert "this pod's own address, and it saw" in said
    # No cause knows such a rule, and none is guessed: the evidence speaks for itself.
    assert run.verdict["causes"] == []
    assert [(each["check"], each["vantage"]) for each in run.verdict["unexplained"]] == [
        ("network.source_address_is_kept", f"pod:{node}")
    ]
    assert "NOT READY: 1 failure of 1 check" in run.output
    assert said.splitlines()[0][:60] in run.output


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
