"""Changing a file of a node so that it can be put back as it was."""

from lab.errors import LabError
from lab.faults.ledger import Ledger
from lab.handle import Lab


def read(lab: Lab, node: str, path: str) -> str:
    """What a file of the node holds."""
    return lab.machine(node).check(["cat", path])


def write(lab: Lab, fault: str, node: str, path: str, text: str) -> None:
    """Write a file, in place so that its owner and mode stay; what it held is kept for ``restore``."""
    machine = lab.machine(node)
    there = machine.run(["test", "-e", path]).returncode == 0
    Ledger.of(lab).keep(fault, _key(node, path), read(lab, node, path) if there else None)
    machine.check(["tee", path], stdin=text)


def restore(lab: Lab, fault: str, node: str, path: str) -> bool:
    """Make a file again what it was when ``fault`` first changed it; False when it never did."""
    kept = Ledger.of(lab).kept(fault)
    if _key(node, path) not in kept:
        return False
    text = kept[_key(node, path)]
    machine = lab.machine(node)
    if text is None:
        machine.check(["rm", "-f", path])
    else:
        machine.check(["tee", path], stdin=text)
    return True


def replaced(text: str, old: str, new: str) -> str:
    """``text`` with ``new`` for ``old``, which must be there."""
    if old not in text:
        raise LabError(f"{old!r} is not in the file that was to be changed.")
    return text.replace(old, new)


def _key(node: str, path: str) -> str:
    return f"{node}:{path}"
