"""The record on disk, the lock, and processes that are told apart from later ones with their pid."""

import signal
import subprocess
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.processes import Process
from lab.settings import Settings
from lab.state import ComponentRecord, MachineRecord, Record, State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("KUBECHECK_LAB_DIR", str(tmp_path))
    state = State("unit")
    state.directory.mkdir()
    return state


def test_record_survives(state: State) -> None:
    record = Record(Settings(workers=1))
    with state.changing(record):
        record.ports = {"vip": 4711}
        component = ComponentRecord(["kube", "kubelet"], Process(7, 70), [4711])
        stopped = ComponentRecord(["containerd"])
        record.machines["k8s-node01"] = MachineRecord(
            Process(5, 50), {"kubelet": component, "containerd": stopped}
        )
    assert state.load() == record


def test_no_record(state: State) -> None:
    assert state.load() is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"settings": {"colour": 1}}', '{"settings": {"masters": 0}}']
)
def test_damaged_record(state: State, text: str) -> None:
    (state.directory / "lab.json").write_text(text)
    with pytest.raises(LabError, match="python -m lab down --name unit"):
        state.load()


def test_lock_is_for_one(state: State) -> None:
    with state.lock(), pytest.raises(LabError, match="Another `lab` command"), State("unit").lock():
        pass
    with state.lock():
        pass


def test_labs_of_one_name_in_two_directories_are_two(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECHECK_LAB_DIR", str(tmp_path / "other"))
    assert State("unit").cgroup != state.cgroup


@pytest.fixture
def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"])


def test_process_lives_and_ends(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    assert process is not None
    assert process.alive
    assert not process.wait(0.01)
    process.end(5)
    sleeper.wait()
    assert not process.alive
    assert process.wait(0)


def test_frozen_process_ends_too(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    assert process is not None
    process.signal(signal.SIGSTOP)
    while not process.frozen:
        pass
    process.end(5)
    assert sleeper.wait() == -signal.SIGTERM


def test_recycled_pid_is_left_alone(sleeper: "subprocess.Popen[bytes]") -> None:
    current = Process.of(sleeper.pid)
    assert current is not None
    earlier = Process(current.pid, current.started - 1)
    assert not earlier.alive
    earlier.signal(signal.SIGKILL)
    earlier.end(0.1)
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


def test_zombie_is_no_process(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process.of(sleeper.pid)
    sleeper.kill()
    assert process is not None
    assert process.wait(5)
    assert Process.of(sleeper.pid) is None
    sleeper.wait()
