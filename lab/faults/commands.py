"""``python -m lab fault list|inject|heal``."""

import argparse
import secrets
from pathlib import Path

from lab.errors import LabError
from lab.faults import actions, wellbeing
from lab.faults.catalogue import fault_named, faults
from lab.faults.ledger import Ledger
from lab.faults.policy import merged
from lab.handle import Lab
from lab.progress import Progress

FAULTY_POLICY = "policy-with-faults.toml"


def add_parsers(fault: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The options of each command; they all know which lab."""
    commands = fault.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="every fault, and which are in the lab")
    inject = commands.add_parser("inject", help="put a fault in")
    inject.add_argument("fault", help="its name")
    inject.add_argument("--node", default="", help="a node that is to be among its victims")
    inject.add_argument("--seed", type=int, help="what its victims are drawn from; default a new one")
    heal = commands.add_parser("heal", help="take a fault out")
    heal.add_argument("fault", nargs="?", default="", help="its name")
    heal.add_argument("--all", action="store_true", help="all that are in")
    return [listing, inject, heal]


def run(options: argparse.Namespace, progress: Progress) -> None:
    """Run one of the commands."""
    match options.command:
        case "list":
            show(options.name)
        case "inject":
            seed = secrets.randbelow(10**6) if options.seed is None else options.seed
            inject(Lab.load(options.name), options.fault, seed, options.node, progress)
        case "heal":
            if options.all == bool(options.fault):
                raise LabError("Say which fault to heal, or --all for all of them.")
            heal(Lab.load(options.name), options.fault, progress)


def show(name: str) -> None:
    """Print the catalogue, and what is in the lab where it is up."""
    try:
        entries = Ledger.of(Lab.load(name)).entries()
    except LabError:
        entries = {}  # the catalogue can be read without a lab
    width = max(len(one) for one in faults())
    for fault in faults().values():
        print(f"{fault.name:{width}}  {fault.breaks}")
        if entry := entries.get(fault.name):
            print(f"{'':{width}}  ^ {entry.phase}: {_told(entry.victims)} (seed {entry.seed})")


def inject(lab: Lab, name: str, seed: int, node: str, progress: Progress) -> None:
    """Put a fault in, and print at what, from which seed, and how to run a check against it."""
    fault = fault_named(name)
    with lab.held():
        with progress.step(f"injecting {name}: {fault.breaks}"):
            entry = actions.inject(lab, name, seed, node)
        policy = _write_policy(lab)
    print(f"fault:    {name}")
    print(f"victims:  {_told(entry.victims)}")
    print(f"seed:     {entry.seed}")
    print(f"cause:    {', '.join(fault.causes) or 'none: this is no fault'}")
    print(f"to blame: {', '.join(fault.blamed(entry.victims)) or 'nobody'}")
    print(f"check it: pytest --kubeconfig {lab.kubeconfig} --policy {policy}")


def heal(lab: Lab, name: str, progress: Progress) -> None:
    """Take one fault out, or all of them, the newest first."""
    with lab.held():
        names = [name] if name else [*reversed(Ledger.of(lab).entries())]
        for one in names:
            with progress.step(f"healing {one}"):
                healed = actions.heal(lab, one)
            print(f"{one} is healed." if healed else f"{one} is not in the lab.")
        if len(names) > 1:
            # The last of them has waited for what it had broken itself only.
            with progress.step("waiting until the lab is well"):
                wellbeing.until_well(lab)
        _write_policy(lab)
    if not names:
        print("There is no fault in the lab.")


def _write_policy(lab: Lab) -> Path:
    """The policy file that goes with what is in the lab now."""
    policy = lab.policy.read_text()
    more = [fault_named(name).policy for name in Ledger.of(lab).entries() if fault_named(name).policy]
    path = lab.directory / FAULTY_POLICY
    path.unlink(missing_ok=True)
    if not more:
        return lab.policy
    for one in more:
        policy = merged(policy, one)
    path.write_text(policy)
    return path


def _told(victims: dict[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in victims.items()) or "no choice"
