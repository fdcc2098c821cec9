"""No fault: a worker whose kubelet is older than the API servers, inside the skew that Kubernetes allows."""

from lab.building import build_kubernetes
from lab.errors import LabError
from lab.faults import kubelets, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.ledger import Ledger
from lab.handle import Lab
from lab.progress import Progress
from lab.settings import OLDEST_KUBELET
from lab.versions import KUBERNETES

NAME = "older-worker"


def inject(lab: Lab, victims: Victims) -> None:
    """Run an older kubelet in the place of the one it has."""
    node = victims["node"]
    machine = lab.machine(node)
    version = _older(lab.settings.kubernetes)
    program = f"/opt/kubernetes/bin/kube-{version}"
    component = machine.component(kubelets.NAME)
    if component.argv[0] != program:
        Ledger.of(lab).keep(NAME, node, component.argv)
        place = machine.root / program.lstrip("/")
        place.write_bytes(build_kubernetes(version, Progress()).read_bytes())
        place.chmod(0o755)
        machine.stop(kubelets.NAME)
        machine.start(kubelets.NAME, [program, *component.argv[1:]])
    _settle(lab, node)


def heal(lab: Lab, victims: Victims) -> None:
    """Run the one that it had."""
    node = victims["node"]
    machine = lab.machine(node)
    argv = Ledger.of(lab).kept(NAME).get(node)
    if argv and machine.component(kubelets.NAME).argv != argv:
        machine.stop(kubelets.NAME)
        machine.start(kubelets.NAME, argv)
    for program in machine.root.glob("opt/kubernetes/bin/kube-*"):
        program.unlink()
    _settle(lab, node)


def _settle(lab: Lab, node: str) -> None:
    kubelets.until_serves(lab, node)
    wellbeing.until_well(lab)
    kubelets.until_measured(lab, node)


def _older(version: str) -> str:
    """The newest version of an older minor release that may still join."""
    minor = KUBERNETES[version].minor
    allowed = [one for one in KUBERNETES.values() if minor - OLDEST_KUBELET <= one.minor < minor]
    if not allowed:
        raise LabError(f"No kubelet that is pinned in the lab is a little older than Kubernetes {version}.")
    return max(allowed, key=lambda one: one.minor).version


FAULT = Fault(
    name=NAME,
    breaks="Nothing: one worker runs an older kubelet, inside the allowed skew.",
    choose=victims.any_worker,
    inject=inject,
    heal=heal,
    causes=(),
    blames=(),
    red=(),
    policy="[nodes]\none_version = false\n",
    workers=1,
    nodes=2,
)
