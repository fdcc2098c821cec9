from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from lab import controlplane
from lab.faults import leaders
from lab.settings import Settings
from lab.state import ComponentRecord


class FakeLab:
    """Masters whose components are only told of; the Lease is renewed whenever one of them starts."""

    def __init__(self, seconds_ago: float = 0.0) -> None:
        self.settings = Settings()
        self.masters = [node.name for node in self.settings.master_nodes]
        argv = controlplane.controller_manager(self.settings)
        self.components = {node: self.running(argv) for node in self.masters}
        self.seconds_ago = seconds_ago
        self.deleted: list[str] = []

    @staticmethod
    def running(argv: list[str]) -> ComponentRecord:
        return ComponentRecord(argv, SimpleNamespace(alive=True))  # type: ignore[arg-type]

    def machine(self, node: str) -> SimpleNamespace:
        def start(_name: str, argv: list[str]) -> None:
            self.components[node] = self.running(argv)
            self.seconds_ago = 0.0

        return SimpleNamespace(component=lambda _name: self.components[node], start=start)

    def stop(self, node: str, _component: str) -> None:
        self.components[node].process = None

    def start(self, node: str, _component: str) -> None:
        self.components[node] = self.running(self.components[node].argv)
        self.seconds_ago = 0.0

    def api(self) -> SimpleNamespace:
        renewed = datetime.now(UTC) - timedelta(seconds=self.seconds_ago)
        spec = {"holderIdentity": "me", "renewTime": renewed.isoformat(), "leaseDurationSeconds": 15}
        return SimpleNamespace(get=lambda _path: {"spec": spec}, delete=self.deleted.append)


@pytest.mark.parametrize(("seconds", "leads"), [(0, True), (20, True), (22, False)])
def test_a_lease_counts_until_it_has_run_out(seconds, leads):
    assert leaders.leads(FakeLab(seconds), leaders.SCHEDULER) is leads


def test_flags_are_changed_and_left_out_on_every_master():
    lab = FakeLab()
    leaders.run_controller_managers(lab, {"--cluster-signing-duration": None, "--controllers": "*"})
    for component in lab.components.values():
        assert not any(word.startswith("--cluster-signing-duration") for word in component.argv)
        assert [word for word in component.argv if word.startswith("--controllers")] == ["--controllers=*"]
        assert component.process.alive
    leaders.run_controller_managers(lab, {})
    assert {tuple(component.argv) for component in lab.components.values()} == {
        tuple(controlplane.controller_manager(lab.settings))
    }


def test_those_that_run_as_wanted_are_left_alone():
    lab = FakeLab()
    before = dict(lab.components)
    leaders.run_controller_managers(lab, {})
    assert lab.components == before
    assert lab.deleted == []


def test_the_lease_of_those_that_are_all_gone_is_not_waited_for():
    lab = FakeLab(600)
    leaders.stop(lab, leaders.CONTROLLER_MANAGER)
    leaders.start(lab, leaders.CONTROLLER_MANAGER)
    assert lab.deleted == [leaders.lease_path(leaders.CONTROLLER_MANAGER)]
    assert all(component.process for component in lab.components.values())


def test_one_that_is_missing_is_started_and_the_others_keep_their_lease():
    lab = FakeLab()
    lab.stop(lab.masters[0], leaders.CONTROLLER_MANAGER)
    leaders.start(lab, leaders.CONTROLLER_MANAGER)
    assert lab.deleted == []
    assert all(component.process for component in lab.components.values())
