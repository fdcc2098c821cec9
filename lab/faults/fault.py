"""What a fault is: how to put it in and take it out, and what a health check must and may say about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from lab.errors import LabError
from lab.handle import Lab

Victims = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """One kind of fault; ``choose`` makes it one at certain nodes or objects.

    ``inject`` and ``heal`` may be called again at any time. ``inject`` returns when the fault is in effect,
    ``heal`` when the lab is as before as far as this fault goes, also when only half of it had been injected.
    """

    name: str  # as its module's, with hyphens
    breaks: str  # one sentence
    choose: Callable[[Lab, Random], dict[str, str]]  # the victims; nothing where there is no choice
    inject: Callable[[Lab, Victims], None]
    heal: Callable[[Lab, Victims], None]
    causes: tuple[str, ...]  # the ids that a health check must name; none: it is no fault at all
    blames: tuple[str, ...]  # whom it must blame, with {victim} for what was chosen
    red: tuple[str, ...]  # patterns of "check" or "check@vantage" that may turn red, with {victim} too
    policy: str = ""  # TOML, for a run that must promise more than the lab's policy does
    masters: int = 1  # how many the lab needs at least
    workers: int = 0
    nodes: int = 1

    def drawing(self, seed: int) -> Random:
        """The draws that ``seed`` stands for. They differ between faults, or one node would get them all."""
        return Random(f"{seed} {self.name}")  # noqa: S311 - to be drawn again from its seed is what it is for

    def require(self, lab: Lab) -> None:
        """Raise LabError for a lab that is too small."""
        masters, nodes = len(lab.masters), len(lab.nodes)
        for needed, there, what in (
            (self.masters, masters, "masters"),
            (self.workers, nodes - masters, "workers"),
            (self.nodes, nodes, "nodes"),
        ):
            if there < needed:
                raise LabError(f"The fault {self.name} needs {needed} {what}, and this lab has {there}.")

    def blamed(self, victims: Victims) -> tuple[str, ...]:
        """The objects to blame, as Kind/name or Kind/namespace/name."""
        return tuple(template.format_map(victims) for template in self.blames)

    def may_turn_red(self, check: str, vantage: str, victims: Victims) -> bool:
        """Whether this fault explains that a check fails at a vantage; all other red is collateral."""
        for template in self.red:
            wanted, at, where = template.format_map(victims).partition("@")
            if fnmatchcase(check, wanted) and (not at or fnmatchcase(vantage, where)):
                return True
        return False
