"""Putting faults in and taking them out, with the ledger kept."""

from lab.errors import LabError
from lab.faults.catalogue import fault_named
from lab.faults.fault import Fault
from lab.faults.ledger import Entry, Ledger
from lab.handle import Lab

DRAWS = 200  # tries to draw victims with a certain node among them


def inject(lab: Lab, name: str, seed: int, node: str = "") -> Entry:
    """Put a fault in, at victims that follow from the seed, or at a certain node.

    One that is in effect is left alone, and one that was half injected is completed at its old victims.
    """
    fault = fault_named(name)
    fault.require(lab)
    ledger = Ledger.of(lab)
    entry = ledger.entries().get(name)
    if entry is None:
        entry = Entry(_victims(fault, lab, seed, node), seed)
    if entry.phase == "in effect":
        return entry
    ledger.write(name, entry)
    fault.inject(lab, entry.victims)
    entry = Entry(entry.victims, entry.seed, "in effect")
    ledger.write(name, entry)
    return entry


def heal(lab: Lab, name: str) -> bool:
    """Take a fault out; False when it was not in."""
    fault = fault_named(name)
    ledger = Ledger.of(lab)
    entry = ledger.entries().get(name)
    if entry is None:
        return False
    fault.heal(lab, entry.victims)
    ledger.remove(name)
    return True


def _victims(fault: Fault, lab: Lab, seed: int, node: str) -> dict[str, str]:
    random = fault.drawing(seed)
    victims = fault.choose(lab, random)
    if not node:
        return victims
    if node not in lab.nodes:
        raise LabError(f"There is no node {node!r}; there are {', '.join(lab.nodes)}.")
    for _ in range(DRAWS):
        if node in victims.values():
            return victims
        victims = fault.choose(lab, random)
    raise LabError(f"The fault {fault.name} cannot be had at {node}: it is not among those it chooses from.")
