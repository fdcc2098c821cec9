"""kubecheck beside the floor: a guard against becoming much slower, as a ratio, for machines differ."""

from pathlib import Path

from bench.speed import ratio, side_by_side
from lab.handle import Lab

AT_MOST = 8.0  # 4 to 5 where two cores carry all five nodes and kubecheck


def test_the_verdict_does_not_take_much_longer_than_its_probe_pods(lab: Lab, tmp_path: Path) -> None:
    floors, fulls = side_by_side(lab.kubeconfig, lab.policy, 1, tmp_path)
    assert [run.word for run in fulls] == ["READY"]
    assert ratio(floors, fulls) <= AT_MOST
    for runs in (floors, fulls):
        assert (
            abs(sum(runs[0].phases.values()) - runs[0].phases.get("clean up", 0.0) - runs[0].seconds) < 0.01
        )
