"""The lab itself: up twice, up again after a crash, down without a trace."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import cgroups
from lab.handle import Lab
from lab.processes import Process
from lab.state import State
from selftest.lab.conftest import until
from selftest.running import ROOT

NAME = "cycle"
SMALL = ["--name", NAME, "--masters", "1", "--workers", "1"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lab", *arguments]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=400)


def traces(state: State) -> dict[str, object]:
    """Whatever of a lab could stay on the machine, and what a lab must leave as it was."""
    netns = subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout
    return {
        "mounts": sorted(Path("/proc/self/mounts").read_text().splitlines()),
        "network namespaces": sorted(netns.splitlines()),
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "sysctls": [
            Path("/proc/sys", name).read_text()
            for name in (
                "vm/overcommit_memory",
                "kernel/panic",
                "kernel/panic_on_oops",
                "fs/inotify/max_user_instances",
            )
        ],
        "cgroups": [str(h / state.cgroup) for h in cgroups.hierarchies() if (h / state.cgroup).exists()],
        "directory": state.directory.exists(),
        "processes": [
            path.parent.name
            for path in Path("/proc").glob("[0-9]*/cgroup")
            if state.cgroup in read_if_there(path)
        ],
    }


def read_if_there(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.fixture
def state() -> Iterator[State]:
    """The state of a small lab, which is not there before and not after."""
    state = State(NAME)
    assert run("down", "--name", NAME).returncode == 0
    yield state
    assert run("down", "--name", NAME).returncode == 0


@pytest.fixture
def coming_up(state: State) -> Iterator["subprocess.Popen[str]"]:
    """`lab up` at work."""
    process = subprocess.Popen(
        command("up", *SMALL), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def runs(state: State, machine: str, component: str) -> Process | None:
    """The process of a component, once the record tells of it."""
    try:
        record = json.loads((state.directory / "lab.json").read_text())
        return Process(**record["machines"][machine]["components"][component]["process"])
    except (FileNotFoundError, KeyError, TypeError):
        return None


def test_up_twice_and_down(state: State) -> None:
    before = traces(state)
    up = run("up", *SMALL)
    assert up.returncode == 0, up.stderr
    assert str(state.kubeconfig) in up.stdout
    assert str(state.policy) in up.stdout
    started = time.monotonic()
    again = run("up", *SMALL)
    assert again.returncode == 0
    assert "is up already" in again.stderr
    assert time.monotonic() - started < 10

    other = run("up", "--name", NAME, "--masters", "1", "--workers", "2")
    assert other.returncode == 1
    assert "--workers 1" in other.stderr
    assert run("status", "--name", NAME).returncode == 0

    lab = Lab.load(NAME)
    lab.stop("k8s-node01", "kubelet")
    stopped = run("status", "--name", NAME)
    assert stopped.returncode == 1
    assert "kubelet on k8s-node01 does not run." in stopped.stdout
    lab.start("k8s-node01", "kubelet")
    assert run("status", "--name", NAME).returncode == 0

    assert run("down", "--name", NAME).returncode == 0
    assert traces(state) == before


@pytest.mark.parametrize("component", ["etcd", "kubelet"])
def test_down_after_up_was_killed(state: State, component: str, request: pytest.FixtureRequest) -> None:
    before = traces(state)
    up = request.getfixturevalue("coming_up")
    until(lambda: runs(state, "k8s-master01", component) is not None, f"{component} has been started")
    up.kill()
    up.wait()
    assert run("status", "--name", NAME).returncode == 1
    (state.directory / "lab.json").write_text('{"settings": {')
    assert run("down", "--name", NAME).returncode == 0
    assert traces(state) == before


def test_stopped_up_takes_away_what_it_started(state: State, coming_up: "subprocess.Popen[str]") -> None:
    until(lambda: runs(state, "k8s-master01", "etcd") is not None, "etcd has been started")
    coming_up.terminate()
    output, _ = coming_up.communicate(timeout=60)
    assert coming_up.returncode == 130, output
    assert traces(state)["processes"] == []
    assert traces(state)["cgroups"] == []


def test_component_that_dies_is_named_at_once(state: State, coming_up: "subprocess.Popen[str]") -> None:
    until(
        lambda: runs(state, "k8s-master01", "kube-apiserver") is not None, "the API server has been started"
    )
    etcd = runs(state, "k8s-master01", "etcd")
    assert etcd is not None
    etcd.signal(signal.SIGKILL)
    started = time.monotonic()
    output, _ = coming_up.communicate(timeout=60)
    assert coming_up.returncode == 1
    assert "etcd on k8s-master01 has ended; the last lines of its log:" in output
    assert "Traceback" not in output
    assert time.monotonic() - started < 20


def test_two_commands_at_once(state: State, coming_up: "subprocess.Popen[str]") -> None:
    until(state.directory.exists, "`up` has begun")
    down = run("down", "--name", NAME)
    assert down.returncode == 1
    assert "Another `lab` command is at work" in down.stderr


def test_components_can_be_frozen(lab: Lab) -> None:
    scheduler = "kube-scheduler"
    lab.freeze("k8s-master01", scheduler)
    try:
        process = lab.machine("k8s-master01").component(scheduler).process
        assert process is not None
        until(lambda: process.frozen, "the scheduler is frozen")
    finally:
        lab.thaw("k8s-master01", scheduler)
    until(lambda: not process.frozen, "the scheduler runs again")


@pytest.mark.parametrize(
    "argv", [["hostname"], ["hostname", "-I"], ["readlink", "/proc/1/ns/net"]], ids=" ".join
)
def test_nodes_are_apart(lab: Lab, argv: list[str]) -> None:
    seen = [lab.exec_on_node(node, argv).stdout for node in lab.nodes]
    here = subprocess.run(argv, capture_output=True, text=True).stdout
    assert len({here, *seen}) == len(lab.nodes) + 1


def test_command_that_takes_too_long_is_killed(lab: Lab) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        lab.exec_on_node("k8s-node01", ["sleep", "4711"], timeout=1)
    until(
        lambda: lab.exec_on_node("k8s-node01", ["pgrep", "-f", "sleep 4711"]).returncode == 1, "sleep is gone"
    )
