"""Who follows the commands of a red verdict has a green one: they are run as they stand there."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable, Iterator

import pytest

from lab.faults import actions, dns
from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]
ON_NODE = re.compile(r"on (\S+): (.+)")
RESTART = re.compile(r"systemctl restart (\S+)")
MENDING = re.compile(r"kubectl .*\b(?:create|scale|patch)\b|.*(?:sysctl -w|systemctl restart) ")


@pytest.fixture
def broken(lab: Lab) -> Iterator[Callable[..., None]]:
    """Puts faults into the lab; they are healed in the end, whatever became of them."""
    names: list[str] = []

    def inject(*faults: str) -> None:
        with lab.held():
            for name in faults:
                names.append(name)
                actions.inject(lab, name, secrets.randbelow(10**6))

    yield inject
    with lab.held():
        for name in reversed(names):
            actions.heal(lab, name)


@pytest.mark.parametrize(
    ("faults", "causes"),
    [
        (("dns-scaled-to-zero",), {"dns-not-running"}),
        (("service-rules-flushed",), {"service-rules-missing"}),
        (("binding-nodeclient-missing", "kube-proxy-killed"), {"bootstrap-binding", "kube-proxy-down"}),
    ],
    ids="+".join,
)
def test_following_the_commands_makes_the_next_run_ready(
    lab: Lab,
    kubecheck: Kubecheck,
    broken: Callable[..., None],
    kubectl: Callable[..., str],
    faults: tuple[str, ...],
    causes: set[str],
) -> None:
    broken(*faults)
    red = kubecheck()
    assert red.code == 1, red.output
    assert {cause["id"] for cause in red.verdict["causes"]} == causes
    for cause in red.verdict["causes"]:
        step = next(step for step in cause["remedy"] if MENDING.match(step))
        assert step in red.output, "the terminal tells it"
        follow(lab, step, kubectl)
    until(lambda: dns.ready(lab), "CoreDNS is complete")
    green = kubecheck()
    assert green.code == 0, green.output


def follow(lab: Lab, step: str, kubectl: Callable[..., str]) -> None:
    """Do what ``step`` says, where it says."""
    node, command = found.groups() if (found := ON_NODE.match(step)) else ("", step)
    if not node:
        kubectl(*shlex.split(command)[1:])
    elif restart := RESTART.search(command):
        # The machines of the lab have no systemd: the lab starts their services.
        lab.stop(node, restart[1])
        lab.start(node, restart[1])
    else:
        assert lab.exec_on_node(node, shlex.split(command)).returncode == 0
