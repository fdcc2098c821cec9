"""Other clusters than the default one are READY too: small, with other networks, names and rules."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from lab.handle import Lab
from selftest.lab.conftest import Run
from selftest.running import ROOT

OPTIONS = (
    *("--masters", "1", "--workers", "1", "--proxy-mode", "nftables", "--cluster-domain", "corp.example"),
    *("--service-cidr", "10.112.0.0/16", "--pod-cidr", "10.200.0.0/16", "--mtu", "1400"),
)


@pytest.fixture(scope="module")
def variant() -> Iterator[Lab]:
    """One master and one worker, kube-proxy in nftables mode, another domain, other networks."""
    lab = [sys.executable, "-m", "lab"]
    subprocess.run([*lab, "up", "--name", "variant", *OPTIONS], cwd=ROOT, check=True)
    try:
        yield Lab.load("variant")
    finally:
        subprocess.run([*lab, "down", "--name", "variant"], cwd=ROOT, check=True)


def test_a_small_cluster_with_other_names_and_networks_is_ready(
    variant: Lab, kubecheck: Callable[..., Run]
) -> None:
    runs = [kubecheck("--policy", str(variant.policy), kubeconfig=variant.kubeconfig) for _ in range(3)]
    for run in runs:
        assert run.code == 0, run.output
        assert run.outcomes == runs[0].outcomes
    assert {vantage.partition(":")[2] for _, vantage in runs[0].outcomes} - {""} == set(variant.nodes)
