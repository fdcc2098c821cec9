"""What `python -m lab` does: up, down, status."""

import dataclasses
import time

from lab import gateway, limits, teardown
from lab.api import Api
from lab.bringup import BringUp
from lab.errors import LabError
from lab.machine import require_machine
from lab.machines import Machine
from lab.progress import Progress
from lab.settings import Settings
from lab.state import Record, State


def up(settings: Settings, progress: Progress) -> None:
    """Bring the lab up; one that is up already is left as it is."""
    state = State(settings.name)
    with state.lock():
        record = _load_or_none(state, progress)
        if record and record.phase == "up":
            if any(machine.init.alive for machine in record.machines.values()):
                _require_same(settings, record)
            problems = failures(state, record)
            if not problems:
                progress.say(f"The lab {settings.name!r} is up already.")
                print(usage(state))
                return
            progress.say(f"The lab {settings.name!r} is broken and is made anew: {problems[0]}")
        require_machine()
        if teardown.remains(state):
            with progress.step("removing what is left of an earlier lab"):
                teardown.remove(state)
        started = time.monotonic()
        try:
            limits.hold(state.cgroup)
            BringUp(state, settings, progress).run()
        except BaseException:
            # What a failed start leaves is of no use but for its logs.
            with progress.step("stopping what was started; the logs stay until the next `up` or `down`"):
                teardown.stop(state)
            raise
        progress.say(f"The lab {settings.name!r} is up after {time.monotonic() - started:.0f} s.")
        print(usage(state))


def down(name: str, progress: Progress) -> None:
    """Take the lab away, or what is left of one."""
    state = State(name)
    with state.lock():
        if not teardown.remains(state):
            progress.say(f"There is no lab {name!r}.")
            return
        with progress.step(f"taking the lab {name!r} down"):
            teardown.remove(state)


def status(name: str) -> bool:
    """Print what runs, per machine and component; whether all does."""
    state = State(name)
    record = state.load()
    if record is None:
        print(f"There is no lab {name!r}.")
        return False
    for machine_name, machine_record in record.machines.items():
        running = "up" if machine_record.init.alive else "DOWN"
        print(f"{machine_name:14} {running}")
        for component, its in machine_record.components.items():
            process = its.process
            if process is None or not process.alive:
                told = "DOWN"
            elif process.frozen:
                told = f"FROZEN  pid {process.pid}"
            else:
                told = f"up      pid {process.pid}"
            print(f"  {component:24} {told}")
    problems = failures(state, record)
    for problem in problems:
        print(problem)
    if not problems:
        print(usage(state))
    return not problems


def failures(state: State, record: Record) -> list[str]:
    """What keeps the lab from being up, a sentence each."""
    found = [] if record.phase == "up" else [f"The lab {state.name!r} was never brought up completely."]
    for machine in (Machine(state, record, name) for name in record.machines):
        if not machine.init.alive:
            found.append(f"The machine {machine.name} does not run.")
            continue
        for name, component in record.machines[machine.name].components.items():
            if component.process is None or not component.process.alive:
                found.append(f"{name} on {machine.name} does not run.")
            elif component.process.frozen:
                found.append(f"{name} on {machine.name} is frozen.")
    if not found and not Api(record.ports[gateway.VIP], state.pki).ready():
        found.append("No API server is ready behind the VIP.")
    return found


def usage(state: State) -> str:
    """How to use a lab that is up."""
    return (
        f"kubeconfig: {state.kubeconfig}\n"
        f"check it:   pytest --kubeconfig {state.kubeconfig} --policy {state.policy}"
    )


def _load_or_none(state: State, progress: Progress) -> Record | None:
    try:
        return state.load()
    except LabError:
        progress.say(f"The record of the lab {state.name!r} is damaged: what is left of it goes first.")
        return None


def _require_same(settings: Settings, record: Record) -> None:
    theirs, ours = record.settings.to_json(), settings.to_json()
    differing = [
        f"--{field.name.replace('_', '-')} {theirs[field.name]}"
        for field in dataclasses.fields(settings)
        if theirs[field.name] != ours[field.name]
    ]
    if differing:
        raise LabError(
            f"The lab {settings.name!r} is up with other settings ({', '.join(differing)}): "
            f"take it down first, or choose another --name."
        )
