"""The components that elect a leader, kube-scheduler and kube-controller-manager, on all masters at once."""

from collections.abc import Mapping
from datetime import UTC, datetime

from lab import controlplane
from lab.faults.waiting import until
from lab.handle import Lab

SCHEDULER = "kube-scheduler"
CONTROLLER_MANAGER = "kube-controller-manager"
MARGIN_SECONDS = 6.0  # beyond a Lease's own duration: whoever judges it allows for some skew of clocks


def lease_path(component: str) -> str:
    """Where the API keeps the component's Lease."""
    return f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{component}"


def leads(lab: Lab, component: str) -> bool:
    """Whether one of them holds the Lease and has renewed it in time."""
    spec = (lab.api().get(lease_path(component)) or {}).get("spec", {})
    if not spec.get("holderIdentity"):
        return False
    age = (datetime.now(UTC) - datetime.fromisoformat(spec["renewTime"])).total_seconds()
    return bool(age <= spec["leaseDurationSeconds"] + MARGIN_SECONDS)


def stop(lab: Lab, component: str) -> None:
    """End it on every master."""
    for node in lab.masters:
        lab.stop(node, component)


def start(lab: Lab, component: str) -> None:
    """Start it wherever it does not run, and wait until one leads."""
    stopped = [node for node in lab.masters if not _runs(lab, node, component)]
    if len(stopped) == len(lab.masters):
        # Whoever held it is gone, and nobody need wait for it to run out.
        lab.api().delete(lease_path(component))
    for node in stopped:
        lab.start(node, component)
    until(lambda: leads(lab, component), f"a {component} leads")


def restart(lab: Lab, component: str) -> None:
    """Let all of them begin anew, so that they read their files."""
    stop(lab, component)
    start(lab, component)


def run_controller_managers(lab: Lab, flags: Mapping[str, str | None]) -> None:
    """Let all of them run with these flags changed, left out where the value is None.

    Without any they run as the lab runs them.
    """
    wanted = [
        word for word in controlplane.controller_manager(lab.settings) if word.partition("=")[0] not in flags
    ]
    wanted += [f"{flag}={value}" for flag, value in flags.items() if value is not None]
    running = [_runs(lab, node, CONTROLLER_MANAGER) for node in lab.masters]
    argvs = [lab.machine(node).component(CONTROLLER_MANAGER).argv for node in lab.masters]
    if all(running) and all(argv == wanted for argv in argvs) and leads(lab, CONTROLLER_MANAGER):
        return
    stop(lab, CONTROLLER_MANAGER)
    lab.api().delete(lease_path(CONTROLLER_MANAGER))
    for node in lab.masters:
        lab.machine(node).start(CONTROLLER_MANAGER, wanted)
    until(lambda: leads(lab, CONTROLLER_MANAGER), "a controller-manager leads")


def _runs(lab: Lab, node: str, component: str) -> bool:
    process = lab.machine(node).component(component).process
    return process is not None and process.alive
